"""The mock: five batch-compute job APIs kept by one simulated cluster."""

__version__ = "0.1.0"
