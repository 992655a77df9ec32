"""Training losses: ``loss(estimate_BxT, clean_BxT)`` is a scalar, the mean over the batch."""
