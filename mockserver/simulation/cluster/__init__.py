"""The machines: nodes, what is free on them, which of them suit a request and which is taken."""
