"""Measures of an estimate's quality, one value for each item of a batch."""
