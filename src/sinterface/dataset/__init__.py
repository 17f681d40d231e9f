"""Labelled frames: reading, writing, splitting."""
