"""The server: how the simulation is reached over HTTP."""
