"""Figures of a sweep, one file each: ``plot(records, objective, space) -> Chart``, pure functions.

Optuna's own figures leave out trials that were stopped, diverged or ran out of memory, and their
axes have no units and no scale for ordered choices, so these are drawn from the records.
"""
