"""What world to simulate, and how it is read from a file."""
