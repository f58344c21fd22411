"""Whether a server keeps the promise; knows the documents, never the mock."""

__version__ = "0.1.0"
