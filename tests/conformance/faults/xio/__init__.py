"""Faults of compute.x.io, one file per subject."""
