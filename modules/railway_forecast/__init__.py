"""railway_forecast: monthly passengers to the next twelve months."""
