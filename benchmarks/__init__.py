"""Measurements of sweeper against what it replaces; each is a package that runs with ``-m``."""
