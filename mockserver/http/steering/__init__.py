"""Rules, faults and preferences."""
