"""One participant: the face tracked in segments that survive a kill, and what is read from it."""
