"""Types that the TensorFlow side of every task uses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from modules.common.task import Value

Tensors = dict[str, tf.Tensor]
Arrays = dict[str, np.ndarray]
Hparams = Mapping[str, Value]

DTYPES = {"float32": tf.float32, "int64": tf.int64, "string": tf.string}
