"""A seeded generator of hostile requests, and what a server must keep to while it gets them.

`python -m tests.hostile --requests 100000 --seed 1` prints a table by kind.
"""
