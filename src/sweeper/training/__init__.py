"""Training in plain PyTorch: yields one report per epoch and continues after a crash."""
