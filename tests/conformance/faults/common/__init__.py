"""Faults of every API, one file per subject."""
