"""Text as models see it: one spelling, characters and their ids."""
