"""Atoms in motion: relaxation, molecular dynamics, trajectories."""
