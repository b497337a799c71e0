"""Bytes on disk: written atomically, described by sidecars, checked when read."""
