"""Many requests to examples for inference: no labels, no splits, each with its key."""
