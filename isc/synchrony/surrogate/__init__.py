"""Surrogate data: schemes, draws and the values of the statistic in them."""
