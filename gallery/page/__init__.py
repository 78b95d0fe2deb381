"""The page on which a person tries the pushed models, and sees past runs and versions."""
