"""Loading SavedModels, and which versions of them are served."""
