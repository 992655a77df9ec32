"""Networks that map noisy speech (batch, time) to an estimate of the clean speech, same shape."""
