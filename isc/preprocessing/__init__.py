"""Recordings made comparable: head movement removed, one clock, quality known."""
