"""Views of what a run found, all made from one canonical form."""
