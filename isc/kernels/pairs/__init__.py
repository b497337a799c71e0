"""The same statistics of the distances between vertices, which are never stored."""
