"""Vectors of eight and of sixteen float32 lanes for numba."""
