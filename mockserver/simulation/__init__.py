"""What happens to jobs over simulated time; knows nothing of HTTP."""
