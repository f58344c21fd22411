"""How the simulation reaches the wire."""
