"""The files of a lab before they are a BIDS study."""
