"""From a labelled cube to blocks of series that the kernels read."""
