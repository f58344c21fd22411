"""What is remembered of the traffic, and how it is shown."""
