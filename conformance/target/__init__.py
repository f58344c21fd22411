"""The implementation that is judged: how it is reached, what it offers, what it may be asked."""
