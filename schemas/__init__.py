"""Curated schemas of the raw features: one folder and one `schema.pbtxt` for each task."""
