"""From the command to the first trial that trains, beside torch and Ray alone."""
