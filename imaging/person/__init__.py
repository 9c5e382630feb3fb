"""What identifies a patient: found, and taken out."""
