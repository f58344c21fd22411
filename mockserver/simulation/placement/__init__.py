"""Which waiting job gets which capacity, and which running job has to make room."""
