"""How good the region is: simulated sweeps over landscapes whose truth is known."""
