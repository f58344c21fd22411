"""What an operation's document requires of requests and answers."""
