"""image_retrain: makes sample data, in the layout of the real one."""
