"""How long it takes, by the clock, until a sweep has found a good training."""
