"""How each API words the facts of the simulation: one package per API, one function per operation."""
