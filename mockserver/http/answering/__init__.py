"""How answers come about beside the plain one, and how they are sent."""
