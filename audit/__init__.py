"""What is wrong with a set of films before anybody learns from it: copies, leaks, shortcuts, doubtful labels."""
