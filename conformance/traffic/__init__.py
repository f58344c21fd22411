"""What was sent and answered, and how it is written down."""
