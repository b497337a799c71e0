"""How smooth the data are, and whether that changes over time."""
