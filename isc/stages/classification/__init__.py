"""Labelled clips: found, tracked, and their expressions told apart."""
