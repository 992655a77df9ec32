"""The ledger's mirror in MLflow: one parent run for the sweep, one nested run for each trial.

The ledger is the truth and never waits: `Mirror` follows its history like a log shipper, and
`MirrorThread` does so in the background. Nothing here imports MLflow before it is needed.
"""
