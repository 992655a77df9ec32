"""What a trial, a look and a verdict cost against the number of trials that there are already."""
