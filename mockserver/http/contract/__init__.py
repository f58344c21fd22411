"""What an operation's document demands of a request and of an answer."""
