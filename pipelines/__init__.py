"""Pipelines: the one DAG, where it runs, the command line, and a file for each task."""
