"""How a task is declared: the task, its settings, features, fields, metrics and sources.

Nothing here, and nothing that it imports, imports TensorFlow.
"""
