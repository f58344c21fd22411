"""What happens to jobs over simulated time; knows nothing of how they are asked for."""
