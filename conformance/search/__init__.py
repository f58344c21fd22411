"""Random clients, what they find, and how it is made small."""
