"""How each API words what the simulation knows: one module per API, one function per operation."""
