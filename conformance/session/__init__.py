"""One check's conversation with a target."""
