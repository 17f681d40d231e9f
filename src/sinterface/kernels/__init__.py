"""Kernels on plain arrays: neighbour lists, symmetry functions, networks, repulsion, and their plain numpy twins."""
