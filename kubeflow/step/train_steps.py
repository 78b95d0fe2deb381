"""Carries the runtime parameter `train_steps` into the arguments of Trainer and Tuner.

TFX's runtime parameters stand for whole execution properties, and the number of steps is one field
of `train_args`. So the package gives the number as a parameter of its own, and the step puts it
where TFX looks.
"""

from __future__ import annotations

import json
from typing import Any

PARAMETER = "train_steps"
_TRAIN_ARGS = "train_args"


def fold(executor_input: dict[str, Any], inputs_spec: dict[str, Any]) -> None:
    """Moves `train_steps` into `train_args` as `num_steps`; zero is no bound.

    Args:
        executor_input: As `executor_io.for_tfx` makes it; changed in place.
        inputs_spec: The component's ComponentInputsSpec; changed in place.
    """
    values = executor_input["inputs"].get("parameterValues", {})
    steps = int(values.pop(PARAMETER, 0))
    inputs_spec.get("parameters", {}).pop(PARAMETER, None)
    if steps > 0:
        train_args = json.loads(values.get(_TRAIN_ARGS, "{}"))
        # JSON of a proto may use either spelling of a field's name, but not both.
        train_args.pop("numSteps", None)
        values[_TRAIN_ARGS] = json.dumps(train_args | {"num_steps": steps})
