"""Dialogue: layouts, and the one spelling of a line."""
