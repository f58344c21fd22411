"""Stands between a client and a server and watches."""
