"""What a tracking server that is away costs the training: nothing, and nothing is missing later."""
