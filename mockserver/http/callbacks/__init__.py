"""Calls to clients when their jobs have ended."""
