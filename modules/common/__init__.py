"""What tasks share: their declaration, features, training, export and evaluation.

Nothing is imported here, so that `modules.common.declaring.task` never brings TensorFlow with it.
"""
