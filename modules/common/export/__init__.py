"""How a trained model becomes a SavedModel that is served."""
