"""Many examples through a model, by TFX's BulkInferrer, and the answers into a file."""
