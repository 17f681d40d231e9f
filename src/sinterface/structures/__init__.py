"""Crystals, doped and mixed cells, slabs, and the interface between two of them."""
