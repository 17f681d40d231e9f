"""What runs say: profiles, pair distributions, displacements, degradation of interfaces."""
