"""Rows of tables to examples."""
