"""TFX components of our own: example generation by modality, gates, serving validation."""
