"""The connection and the way of a request to its operation."""
