"""Hyperparameter sweeps for speech enhancement that survive anything and end in a verdict."""

from importlib.metadata import version

__version__ = version("sweeper")
