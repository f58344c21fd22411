"""How fast and how large: ratios measured in one run, against a floor on the same machine."""
