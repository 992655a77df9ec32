"""Family of samplers: what proposes the parameters of the next trial, one file each."""
