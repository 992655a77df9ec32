"""The sweep's only truth on disk: manifest, history of all trials, Optuna study.

Reading (`paths`, `manifest`, `history`) is light and needs no lock; writing goes through `Ledger`.
"""
