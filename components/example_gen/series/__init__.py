"""Time series to examples."""
