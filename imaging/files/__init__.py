"""Files: their bytes opened, checked and decoded, and films written."""
