"""Ray Tune over the ledger: which trial runs when, where, and on what."""
