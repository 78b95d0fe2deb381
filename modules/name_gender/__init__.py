"""A Chinese name to the usual gender of the people who bear it."""
