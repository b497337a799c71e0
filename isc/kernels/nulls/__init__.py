"""Surrogates from counted random numbers, and the statistics of many of them at once."""
