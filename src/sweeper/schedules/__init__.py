"""Learning-rate schedules: each is stepped once per epoch with that epoch's validation loss.

A member is ``def name(optimizer, epochs, /, *, options...) -> Schedule``.
"""
