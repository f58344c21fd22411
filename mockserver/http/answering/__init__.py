"""Answers that do not come from an adapter, and how answers are sent."""
