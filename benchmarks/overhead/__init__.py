"""What a trial costs beside its training: sweeper against the stock stack, in CPU seconds."""
