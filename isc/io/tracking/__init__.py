"""Conventions and files of other face trackers."""
