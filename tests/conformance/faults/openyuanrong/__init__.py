"""Faults of openYuanrong, one file per subject."""
