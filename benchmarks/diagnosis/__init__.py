"""How often learning curves of real trainings with a known cause are diagnosed right."""
