"""Faults of Ionworks, one file per subject."""
