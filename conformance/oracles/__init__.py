"""Passive judges: they watch exchanges and cause none."""
