"""Family of data sets: each member is a function that gives a ``sweeper.data.corpus.Corpus``."""
