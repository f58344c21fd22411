"""Recorded traffic, and how it is shown."""
