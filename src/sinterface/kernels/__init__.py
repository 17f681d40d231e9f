"""Kernels on plain arrays: neighbour lists, symmetry functions, repulsion, and numpy twins."""
