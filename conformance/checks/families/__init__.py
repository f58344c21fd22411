"""Promises that several vendors make alike: one function each, called by the checks of each vendor with its own row."""
