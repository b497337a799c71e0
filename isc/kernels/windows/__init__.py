"""Windows in the cache of a processor: blocks, moments and rows, who is valid, and the order of the data."""
