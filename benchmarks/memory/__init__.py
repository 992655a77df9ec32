"""How much memory the trials of a node need for one data set."""
