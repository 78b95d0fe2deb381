"""chinese_asr: MaxProp, the optimizer that the exercise came with."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="lianxi")
class MaxProp(keras.optimizers.Optimizer):
    """Divides each gradient by its largest recent magnitude.

    Like Adamax without its momentum: `m = max(decay * m, |g|)`, `w -= rate * g / m`. A weight moves
    by the learning rate where its gradient is as large as it lately was, and by less where it is
    smaller. The exercise had it under this name; its moving maximum is that of Adamax.

    Source: D. Kingma & J. Ba, "Adam: A Method for Stochastic Optimization" (2015), section 7.1.
    """

    def __init__(
        self,
        learning_rate: float = 1e-3,
        decay: float = 0.999,
        epsilon: float = 1e-8,
        name: str = "maxprop",
        **kwargs: Any,
    ) -> None:
        """Configures the optimizer.

        Args:
            learning_rate: Largest step of a weight.
            decay: How much of the largest magnitude is left after a step, in [0, 1).
            epsilon: Added to it, so that a weight without gradient stays where it is.
            name: Name of the optimizer.
            **kwargs: What every Keras optimizer takes.
        """
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.decay = decay
        self.epsilon = epsilon

    def build(self, variables: list[keras.Variable]) -> None:
        """Makes one variable of largest magnitudes for each weight."""
        if self.built:
            return
        super().build(variables)
        self._largest = [
            self.add_variable_from_reference(variable, name="largest") for variable in variables
        ]

    def update_step(
        self, gradient: keras.KerasTensor, variable: keras.Variable, learning_rate: float
    ) -> None:
        """Changes one weight."""
        largest = self._largest[self._get_variable_index(variable)]
        gradient = ops.cast(gradient, variable.dtype)
        self.assign(
            largest, ops.maximum(self.decay * largest + self.epsilon, ops.absolute(gradient))
        )
        rate = ops.cast(learning_rate, variable.dtype)
        self.assign_sub(variable, rate * gradient / largest)

    def get_config(self) -> dict[str, Any]:
        """Gives what the constructor takes."""
        return {**super().get_config(), "decay": self.decay, "epsilon": self.epsilon}
