"""Recordings: reading and writing audio, corpora of noisy/clean pairs, and training batches."""
