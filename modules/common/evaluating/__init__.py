"""How a model is measured and gated: TFMA's configuration, and metrics out of scores."""
