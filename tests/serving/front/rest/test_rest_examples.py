"""tf.Examples made of JSON, and what is said of JSON they cannot be made of."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from serving.errors import ServingError
from serving.front.rest.examples import read_examples
from serving.front.rest.json_values import parse_object


def make_examples(body: str) -> list[Any]:
    serialized = read_examples(parse_object(body.encode()))
    return [tf.train.Example.FromString(each) for each in serialized]


def test_kinds_of_features() -> None:
    [example] = make_examples(
        '{"examples": [{"i": [1, true], "f": 0.5, "s": ["a", {"b64": "/w=="}], "e": []}]}'
    )
    feature = example.features.feature
    assert feature["i"].int64_list.value[:] == [1, 1]
    assert feature["f"].float_list.value[:] == [0.5]
    assert feature["s"].bytes_list.value[:] == [b"a", b"\xff"]
    assert feature["e"].WhichOneof("kind") is None


def test_context_is_in_every_example() -> None:
    first, second = make_examples('{"context": {"c": 7}, "examples": [{"x": 1.5}, {"x": 2.5}]}')
    for example, value in ((first, 1.5), (second, 2.5)):
        assert example.features.feature["c"].int64_list.value[:] == [7]
        assert example.features.feature["x"].float_list.value[:] == [value]


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ("[1]", "Example must be JSON object but got JSON Number"),
        ('[{"x": [1, 0.5]}]', "Unexpected element type in feature: x expecting type: int64"),
        ('[{"x": [0.5, 1]}]', "Unexpected element type in feature: x expecting type: float"),
        ('[{"x": ["a", 1]}]', "Unexpected element type in feature: x expecting type: bytes"),
        ('[{"x": null}]', "Feature: x has element with unexpected JSON type: Null"),
        ('[{"x": [[1]]}]', "Feature: x has element with unexpected JSON type: Array"),
        ('[{"x": {"y": 1}}]', "Feature: x has element with unexpected JSON type: Object"),
        (
            '[{"x": 9223372036854775808}]',
            "Feature: x has uint64_t element. Only int64_t is supported.",
        ),
        (
            "[]",
            "JSON Value: {\n    \"examples\": []\n} 'examples' value is an empty array",
        ),
        (
            "1",
            "JSON Value: {\n    \"examples\": 1\n} Expecting 'examples' value to be an list/array",
        ),
    ],
)
def test_errors_of_examples(examples: str, message: str) -> None:
    with pytest.raises(ServingError) as caught:
        make_examples(f'{{"examples": {examples}}}')
    assert caught.value.message == message


def test_no_examples() -> None:
    with pytest.raises(ServingError) as caught:
        make_examples('{"context": {}}')
    assert caught.value.message == (
        "JSON Value: {\n    \"context\": {}\n} When method is classify, key 'examples' is expected "
        "and was not found"
    )
