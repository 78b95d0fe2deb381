"""The calls of the API, whatever they came over."""
