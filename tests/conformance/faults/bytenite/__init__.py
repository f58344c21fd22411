"""Faults of ByteNite, one file per subject."""
