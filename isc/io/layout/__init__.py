"""BIDS: names, metadata, raw studies and data sets."""
