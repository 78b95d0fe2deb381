"""Tensors in the graph, for features, models and signatures of any kind of data."""
