"""How fast and how well models are trained."""
