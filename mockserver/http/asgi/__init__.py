"""Connections, and how a request finds its operation."""
