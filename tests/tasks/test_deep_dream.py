"""deep_dream: the quarter turns."""
