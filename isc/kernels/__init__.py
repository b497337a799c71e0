"""Numbers in, numbers out: compiled kernels on plain arrays, without labels."""
