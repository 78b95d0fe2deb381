"""What a model is asked and answers, as tasks declare it. No TensorFlow.

A field says everything of one input or output once. The check in the exported graph, `--help`, the
shell's answer, the table of the page and a form in a browser are all made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from modules.common.declaring.bounds import Bounds
from modules.common.declaring.features import TRUTH, Dtype, Shape, Value
from modules.common.runtime.errors import SettingError, TaskError, did_you_mean

InputKind = Literal[
    "text", "number", "choice", "switch", "seed", "tempo", "month", "picture", "sound", "midi",
    "path", "piano_roll", "series", "numbers",
]  # fmt: skip
"""What a person gives: `choice` is one of `choices`; `seed` another number for another draw;
`tempo` is beats a minute, at which the music that is answered is played;
`month` is `2016-10`; `picture`, `sound` and `midi` are the bytes of a file; `path` is the name of
a file, which only a command line can mean; `piano_roll` is steps by notes, 0 or 1; `series` is
numbers in the order of time; `numbers` are any others."""

OutputKind = Literal[
    "text", "texts", "label", "labels", "probability", "probabilities", "share", "number",
    "numbers", "switch", "date", "picture", "pictures", "sound", "piano_roll", "forecast", "lower",
    "upper",
]  # fmt: skip
"""What a person gets: `label` is a class, `labels` are the likeliest classes; `probability` and
`probabilities` are of another output, `of`, or of the classes in `choices`; `share` is 0 to 1 of
something, and 1 goes without saying; `texts` are the best first; `forecast` goes on from a series,
with the ends `lower` and `upper` of its interval."""

Kind = InputKind | OutputKind
FILE_KINDS = ("picture", "sound", "midi")
"""Inputs that a person gives as a file."""
MEDIA_KINDS = ("picture", "pictures", "sound", "piano_roll")
"""Outputs that are looked at or heard: no cell of a table holds them."""

_USUAL: Mapping[Dtype, Kind] = {"string": "text", "bool": "switch"}
_MOST_INT64 = 2**63 - 1
_MOST_FLOAT32 = 3.4028235e38


@dataclass(frozen=True, kw_only=True)
class Field(Bounds):
    """One input or output of a serving signature.

    Attributes:
        name: Name in the signature.
        dtype: Element type.
        shape: Shape of one example, without the batch dimension; `None` is any length.
        doc: What it means, for a person; neither its bounds nor its default, which are said of
            what follows.
        default: Of an input that a request may leave out: what one example then gets; an empty
            list where the shape has a dimension of any length, and there is nothing.
        kind: What it is to a person; if empty a choice where there are choices, or else a text, a
            switch or numbers by its dtype.
        choices: The values that it may take, where they are few. Of probabilities: the classes
            that they are of.
        unit: Such as `s` or `grey levels`.
        step: What a person would change it by.
        min_items: Least length of a dimension of any length.
        of: Of an output that belongs to another one, such as its probability: that one's name.
        title: What a person calls it; its name in words if empty.
        bands: Words for values of an output, each with the least value that it is for, ascending.
        staged: Of a number of an input: whether the answers with 1, 2, … of them are stages on the
            way to the whole, worth seeing while that is awaited.
        raw: The raw feature, as ExampleGen gives it, that an input is made of, or that holds what
            is true of an output: by these a model is asked about held-out examples. Inputs of the
            same raw feature are made of an example each.
    """

    name: str
    dtype: Dtype
    shape: Shape = ()
    doc: str = ""
    default: Value | list | None = None
    kind: Kind | Literal[""] = ""
    choices: tuple[Value, ...] = ()
    unit: str = ""
    step: float | None = None
    min_items: int = 0
    of: str = ""
    title: str = ""
    bands: tuple[tuple[float, str], ...] = ()
    staged: bool = False
    raw: str = ""

    def __post_init__(self) -> None:
        """Fills in the usual kind; raises `TaskError` where the declaration contradicts itself."""
        if not self.kind:
            usual = _USUAL.get(self.dtype, "numbers" if self.shape else "number")
            object.__setattr__(self, "kind", "choice" if self.choices else usual)
        if self.kind not in get_args(InputKind) + get_args(OutputKind):
            raise TaskError(f"field {self.name!r}: no kind is called {self.kind!r}")
        if self.kind == "choice" and not self.choices:
            raise TaskError(f"field {self.name!r}: a choice needs choices")
        if self.staged and (self.dtype != "int64" or self.at_least != 1):
            raise TaskError(f"field {self.name!r}: stages are counted by whole numbers from 1")
        self.check_order(f"field {self.name!r}")
        default = self.default
        if default in (None, "") or isinstance(default, list):
            return
        if self.shape or not self.fits(default):
            raise TaskError(
                f"field {self.name!r}: expected {self.expected}, found {default!r} as default"
            )

    @property
    def is_number(self) -> bool:
        """Whether its elements are numbers."""
        return self.dtype not in ("string", "bool")

    @property
    def expected(self) -> str:
        """Words what it may be, such as `1 to 10`, `more than 1, up to 3` or `one of a, b`."""
        if self.choices and self.kind != "probabilities":
            *most, last = (str(choice) or "nothing" for choice in self.choices)
            return f"{most[0]} or {last}" if len(most) == 1 else f"one of {', '.join(most)}, {last}"
        bounds = self.words
        if self.kind == "text":
            return f"{bounds} characters" if bounds else "a text"
        if bounds:
            return bounds
        if self.dtype == "bool":
            return "true or false"
        if not self.is_number:
            return f"a {self.kind.replace('_', ' ')}"
        return "a finite number" if self.dtype == "float32" else "a whole number"

    @property
    def meaning(self) -> str:
        """What it means and may be, in one line, such as `steps at each size (1 to 100)`."""
        says_more = self.words or (self.choices and self.kind != "probabilities")
        return f"{self.doc} ({self.expected})" if says_more and self.doc else self.doc

    @property
    def called(self) -> str:
        """What a person calls it, such as `style loss`."""
        return self.title or self.name.removesuffix(f"_{self.unit}").replace("_", " ")

    @property
    def default_text(self) -> str:
        """The default as a person writes it; empty where there is none, or it is nothing."""
        if self.default in (None, "", []):
            return ""
        return str(self.default).lower() if isinstance(self.default, bool) else str(self.default)

    def fits(self, value: Value | None) -> bool:
        """Tells whether one value is within the bounds, among the choices, and finite."""
        if self.choices and self.kind != "probabilities":
            return value in self.choices
        if isinstance(value, str):
            return self.kind != "text" or self.holds(len(value))
        return isinstance(value, bool) or (value is not None and self.holds(value))

    def parse(self, value: str | Value) -> Value:
        """Reads one value that a person gave.

        Args:
            value: Text, or a value of the field's type.

        Raises:
            SettingError: If it is none, or out of bounds; the message says what was expected.
        """
        try:
            parsed = self._read(value)
        except (KeyError, ValueError, OverflowError) as error:
            type_words = {"bool": "", "float32": "a number"}.get(self.dtype, "a whole number")
            words = ", ".join(filter(None, dict.fromkeys((type_words, self._bounds_words))))
            raise SettingError(
                f"{self.name}: expected {words or self.expected}, found {value!r}"
            ) from error
        if not self.fits(parsed):
            raise SettingError(f"{self.name}: expected {self.expected}, found {value}")
        return parsed

    @property
    def _bounds_words(self) -> str:
        return self.expected if self.words or self.choices else ""

    def _read(self, value: str | Value) -> Value:
        if self.dtype == "string":
            return str(value)
        text = str(value).strip()
        if self.dtype == "bool":
            return TRUTH[text.lower()]
        if self.dtype == "float32":
            number = float(text)
            # What a float32 cannot hold would reach the graph as infinity.
            return number if abs(number) <= _MOST_FLOAT32 else float("inf")
        whole = int(text)
        if not -_MOST_INT64 - 1 <= whole <= _MOST_INT64:
            raise OverflowError(text)
        return whole


@dataclass(frozen=True, kw_only=True)
class Serving:
    """What `serving_default` takes and gives.

    Attributes:
        inputs: What a person has.
        outputs: What a person wants.
        example: One request by input name, as a batch of one or more: the warm-up request,
            what ServingValidator sends, and what the documentation shows.
        classify: Whether `serve_examples` answers Classify, with `classes` and `scores`.
        converses: Whether one who asks goes on, as in a conversation: the first output answers.
        max_examples: Most examples in one request to the server. What takes long for an example
            allows few, so that one caller cannot keep the model for an hour.
        timeout_s: How long one who asks waits for an answer, in seconds.
    """

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    example: Mapping[str, list]
    classify: bool = False
    converses: bool = False
    max_examples: int = 256
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        """Raises `TaskError` where it contradicts itself, or its own example would be refused."""
        rows = max((len(values) for values in self.example.values()), default=1)
        if rows > self.max_examples:
            raise TaskError(
                f"serving: the example has {rows} rows, and max_examples is {self.max_examples}"
            )
        for kinds, fields in ((InputKind, self.inputs), (OutputKind, self.outputs)):
            wrong = [field.name for field in fields if field.kind not in get_args(kinds)]
            if wrong:
                raise TaskError(f"serving: {', '.join(wrong)} is of a kind for the other side")
        names = [field.name for field in self.outputs]
        lost = [field for field in self.outputs if field.of and field.of not in names]
        if lost:
            raise TaskError(
                f"serving: {lost[0].name} is of the output {lost[0].of!r}, which there is not"
            )
        for field in self.inputs:
            for value in [] if field.shape else self.example.get(field.name, []):
                if not isinstance(value, bytes) and not field.fits(value):
                    raise TaskError(
                        f"serving: the example's {field.name}: expected {field.expected}, "
                        f"found {value!r}"
                    )

    def input(self, name: str) -> Field:
        """Gives an input by its name."""
        return _named(name, self.inputs)

    def output(self, name: str) -> Field:
        """Gives an output by its name."""
        return _named(name, self.outputs)


def _named(name: str, fields: tuple[Field, ...]) -> Field:
    by_name = {field.name: field for field in fields}
    if name not in by_name:
        raise TaskError(f"there is no field {name!r}; {did_you_mean(name, by_name)}")
    return by_name[name]
