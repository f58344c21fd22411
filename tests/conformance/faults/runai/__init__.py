"""Faults of Run:AI, one file per subject."""
