"""A run: what is judged, in which order, with which verdict."""
