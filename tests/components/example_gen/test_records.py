from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from components.example_gen.records import Reject, split_of, to_example


def parsed(value: Any) -> tf.train.Feature:
    example = tf.train.Example.FromString(to_example({"x": value}))
    assert set(example.features.feature) == {"x"}
    return example.features.feature["x"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("王", ["王".encode()]),
        (b"\xff\x00", [b"\xff\x00"]),
        (["王", "李"], ["王".encode(), "李".encode()]),
        ((b"a", "b"), [b"a", b"b"]),
        (np.array(["王"]), ["王".encode()]),
    ],
)
def test_text_and_bytes(value: Any, expected: list[bytes]) -> None:
    assert list(parsed(value).bytes_list.value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, [3]),
        (0, [0]),
        (-(2**40), [-(2**40)]),
        ([1, 2], [1, 2]),
        (np.int32(7), [7]),
        (np.arange(3), [0, 1, 2]),
        (iter([4, 5]), [4, 5]),
        (True, [1]),
    ],
)
def test_whole_numbers(value: Any, expected: list[int]) -> None:
    feature = parsed(value)
    assert feature.WhichOneof("kind") == "int64_list"
    assert list(feature.int64_list.value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.5, [0.5]),
        ([1, 0.5], [1.0, 0.5]),
        ([1.0, 2.0], [1.0, 2.0]),
        (np.float32(0.25), [0.25]),
        (np.array([0.0, 1.0], np.float32), [0.0, 1.0]),
    ],
)
def test_real_numbers(value: Any, expected: list[float]) -> None:
    feature = parsed(value)
    assert feature.WhichOneof("kind") == "float_list"
    assert list(feature.float_list.value) == expected


@pytest.mark.parametrize("dtype", [tf.string, tf.int64, tf.float32])
def test_an_empty_list_is_read_as_any_type(dtype: tf.DType) -> None:
    read = tf.io.parse_single_example(to_example({"x": []}), {"x": tf.io.VarLenFeature(dtype)})
    assert read["x"].values.shape == (0,)


def test_an_example_is_the_same_whatever_the_order_of_its_features() -> None:
    assert to_example({"a": 1, "b": "x"}) == to_example({"b": "x", "a": 1})


@pytest.mark.parametrize("percent", [0, 1, 20, 50, 100])
def test_about_the_wanted_share_is_for_evaluation(percent: int) -> None:
    count = 4000
    found = sum(split_of(f"key {i}", percent) == "eval" for i in range(count))
    deviation = math.sqrt(count * percent / 100 * (1 - percent / 100))
    assert abs(found - count * percent / 100) <= 4 * deviation


def test_the_split_is_a_function_of_the_key_alone() -> None:
    # The definition, once more: SHA-256, not Python's hash, which differs between processes.
    keys = ["王婷婷", "李伟", "", "a\0b", "𠮷"] + [str(i) for i in range(200)]
    for key in keys:
        bucket = int(hashlib.sha256(key.encode("utf-8")).hexdigest()[:16], 16) % 100
        assert split_of(key, 20) == ("eval" if bucket < 20 else "train")


def test_more_evaluation_only_moves_keys_to_evaluation() -> None:
    for i in range(500):
        if split_of(str(i), 10) == "eval":
            assert split_of(str(i), 30) == "eval"


def test_a_reject_is_one_line_of_json() -> None:
    reject = Reject("名字/a.csv", "line 3", 'found "x\ny"')
    line = reject.to_json()
    assert "\n" not in line
    assert "名字" in line
    assert Reject(**json.loads(line)) == reject
