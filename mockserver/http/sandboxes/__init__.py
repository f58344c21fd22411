"""Isolated worlds by name, and what moves their clocks."""
