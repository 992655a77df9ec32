"""Family of pruners: what ends a trial early, one file each."""
