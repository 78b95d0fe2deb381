"""Models: one folder per task, and `common`, which holds what tasks share."""
