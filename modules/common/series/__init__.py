"""Time series: layouts, dates and values, and the table that holds them."""
