"""Examples that are drawn, not read: their source, and scenes that several tasks draw."""
