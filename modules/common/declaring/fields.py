"""What a model is asked and answers, as tasks declare it. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modules.common.declaring.features import Dtype, Shape, Value
from modules.common.runtime.errors import TaskError


@dataclass(frozen=True, kw_only=True)
class Field:
    """One input or output of a serving signature.

    Attributes:
        name: Name in the signature.
        dtype: Element type.
        shape: Shape of one example, without the batch dimension; `None` is any length.
        doc: What it means, with unit and range, for a person.
        default: Of an input that a request may leave out: what one example then gets; an empty
            list where the shape has a dimension of any length, and there is nothing.
    """

    name: str
    dtype: Dtype
    shape: Shape = ()
    doc: str = ""
    default: Value | list | None = None


@dataclass(frozen=True, kw_only=True)
class Serving:
    """What `serving_default` takes and gives.

    Attributes:
        inputs: What a person has.
        outputs: What a person wants.
        example: One request by input name, as a batch of one or more: the warm-up request,
            what ServingValidator sends, and what the documentation shows.
        classify: Whether `serve_examples` answers Classify, with `classes` and `scores`.
        max_examples: Most examples in one request to the server. What takes long for an example
            allows few, so that one caller cannot keep the model for an hour.
    """

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    example: Mapping[str, list]
    classify: bool = False
    max_examples: int = 256

    def __post_init__(self) -> None:
        """Raises `TaskError` where its own example would be refused."""
        rows = max((len(values) for values in self.example.values()), default=1)
        if rows > self.max_examples:
            raise TaskError(
                f"serving: the example has {rows} rows, and max_examples is {self.max_examples}"
            )
