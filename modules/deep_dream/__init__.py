"""deep_dream: a picture to a dreamt picture."""
