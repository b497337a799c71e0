"""Synchrony of labelled cubes: the statistic, its nulls and its inference."""
