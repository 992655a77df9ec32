"""How much of the workers' time is training: sweeper beside other stacks, trials of two seconds."""
