"""deep_dream: makes sample data, in the layout of the real one."""
