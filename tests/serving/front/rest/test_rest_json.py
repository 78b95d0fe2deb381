"""JSON as RapidJSON reads it; the messages and offsets are those RapidJSON itself gives."""

from __future__ import annotations

import math

import pytest

from serving.errors import ServingError
from serving.front.rest.json_values import RepeatedKeys, parse_object
from serving.front.rest.text import debug_text, double_text


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("   ", "The document is empty.", 3),
        ("}", "The document is empty.", 0),
        ("x", "Invalid value.", 0),
        ('{"a":tru}', "Invalid value.", 8),
        ('{"a":-}', "Invalid value.", 6),
        ('{"a":[Infi', "Invalid value.", 10),
        ('{"a":[1,]}', "Invalid value.", 8),
        ('{"a":', "Invalid value.", 5),
        ("{a}", "Missing a name for object member.", 1),
        ('{"a":1, }', "Missing a name for object member.", 8),
        ('{"a" 1}', "Missing a colon after a name of object member.", 5),
        ('{"a":1 "b":2}', "Missing a comma or '}' after an object member.", 7),
        ('{"a":[1 2]}', "Missing a comma or ']' after an array element.", 8),
        ('{"a":[01]}', "Missing a comma or ']' after an array element.", 7),
        ('{"a":"\\u12g4"}', "Incorrect hex digit after \\u escape in string.", 6),
        ('{"a":"\\ud800"}', "The surrogate pair in string is invalid.", 6),
        ('{"a":"\\udc00"}', "The surrogate pair in string is invalid.", 6),
        ('{"a":"\\q"}', "Invalid escape character in string.", 6),
        ('{"a":"b', "Missing a closing quotation mark in string.", 7),
        ('{"a":"é', "Missing a closing quotation mark in string.", 8),
        ('{"a":"\t"}', "Invalid encoding in string.", 6),
        ('{"a":1e400}', "Number too big to be stored in double.", 5),
        ('{"a":[NaN,1e400]}', "Number too big to be stored in double.", 10),
        ('{"a":1.}', "Miss fraction part in number.", 7),
        ('{"a":1e}', "Miss exponent in number.", 7),
        ('{"a":[-Inf,-NaN,1 2]}', "Missing a comma or ']' after an array element.", 18),
        ('\ufeff{"a":x}', "Invalid value.", 8),
    ],
)
def test_errors_say_what_and_at_which_byte(text: str, message: str, offset: int) -> None:
    with pytest.raises(ServingError) as caught:
        parse_object(text.encode())
    assert caught.value.message == f"JSON Parse error: {message} at offset: {offset}"
    assert caught.value.code.name == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'{"a":[Infinity,-Infinity,Inf,-Inf]}', {"a": [math.inf, -math.inf, math.inf, -math.inf]}),
        (b'{"a":"Inf -NaN","b":Inf}', {"a": "Inf -NaN", "b": math.inf}),
        (b'\xef\xbb\xbf {"a":1}', {"a": 1}),
        (b'{"a":1} and more', {"a": 1}),
        (b'{"a":1}\x00}', {"a": 1}),
        (b'{"a":18446744073709551615}', {"a": 2**64 - 1}),
        (b'{"a":18446744073709551616}', {"a": 2.0**64}),
        (b'{"a":[-9223372036854775809,NaN0', None),
        (b'{"a":"\xff\xfe"}', {"a": "\udcff\udcfe"}),
        (b'{"a":"\\ud83d\\ude00\\u0000"}', {"a": "😀\0"}),
    ],
)
def test_takes_what_rapidjson_takes(text: bytes, expected: object) -> None:
    if expected is None:
        with pytest.raises(ServingError):
            parse_object(text)
    else:
        assert parse_object(text) == expected


def test_nan_has_no_sign() -> None:
    for value in parse_object(b'{"a":[NaN,-NaN]}')["a"]:
        assert math.isnan(value)


def test_first_of_repeated_keys_counts() -> None:
    found = parse_object(b'{"a":1,"b":{"c":[{"d":1,"d":2}]},"a":2}')
    assert found == {"a": 1, "b": {"c": [{"d": 1}]}}
    assert isinstance(found, RepeatedKeys)
    assert found.last["a"] == 2
    assert found.repeated == "a"


def test_colon_in_string_is_no_key() -> None:
    found = parse_object(b'{"a":"\\":", "b":[["x\\" :"]]}')
    assert found == {"a": '":', "b": [['x" :']]}
    assert type(found) is dict


@pytest.mark.parametrize("opened", [b"[", b'{"a":', b'{"a":[', b"[NaN,"])
def test_depth_is_bounded(opened: bytes) -> None:
    with pytest.raises(ServingError) as caught:
        parse_object(b'{"a":' + opened * 200_000)
    assert "JSON Parse error: " in caught.value.message


def test_other_than_object_is_refused() -> None:
    with pytest.raises(ServingError) as caught:
        parse_object(b'[1, 2.5, "a", {"b": null}]')
    assert caught.value.message == (
        'JSON Value: [1, 2.5, "a", {\n        "b": null\n    }] Is not object'
    )


def test_debug_text_ends_with_the_token_past_256_bytes() -> None:
    # "[1" and then ", 1" for each: 2 + 3 * 85 = 257 is the first size of 256 or more.
    assert debug_text([1] * 1000) == "[1" + ", 1" * 85


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (12.34, "12.34"),
        (1e20, "100000000000000000000.0"),
        (1e21, "1e21"),
        (1.25e33, "1.25e33"),
        (0.00001, "0.00001"),
        (1.5e-7, "1.5e-7"),
    ],
)
def test_double_text(value: float, text: str) -> None:
    assert double_text(value) == text
