"""Training of networks on symmetry functions."""
