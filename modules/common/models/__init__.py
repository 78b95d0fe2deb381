"""Parts of models that several tasks share."""
