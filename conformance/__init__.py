"""Whether a server keeps the promise; knows the documents, never the mock."""
