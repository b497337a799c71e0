"""The mean over dyads of a window, one feature or sixteen at a time."""
