"""What tasks share: their declaration, features, training, export and evaluation.

Nothing is imported here, so that `modules.common.task` never brings TensorFlow with it.
"""
