"""What can only be seen on a GPU: whether the preflight's plan holds, and what packing brings."""
