"""What a model does on held-out examples, drawn from the evaluation split and held to the truth."""
