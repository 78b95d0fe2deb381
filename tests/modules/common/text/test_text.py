from __future__ import annotations

import unicodedata
from collections import Counter

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from modules.common.text import in_graph
from modules.common.text.normal_text import normalize

_MAX_CHARS = 4
_MIN_COUNT = 2
# Surrogates, and what is no character.
_NO_TEXT = ("Cs", "Cn")
# 𠮷 and 𪚥 lie beyond the Basic Multilingual Plane, as does the emoji.
_TRAINING = ["王婷婷", "王　伟", "𠮷伟", "𠮷😀", "李😀", "张三丰真人", "丰", "", "a b\tc"]
# What is cut off does not count.
_TRAINING += ["efgh人人"]


def python_ids(names: list[str]) -> set[str]:
    """Characters that belong to the vocabulary, counted in Python."""
    counts = Counter(c for name in names for c in "".join(name.split())[:_MAX_CHARS])
    return {character for character, count in counts.items() if count >= _MIN_COUNT}


def preprocess(inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    ids = in_graph.character_ids(inputs["name"][:, 0], _MAX_CHARS, _MIN_COUNT, "characters")
    return {"ids": ids, "known": in_graph.compute_known_share(ids)}


@pytest.fixture(scope="module")
def transform(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    """What Transform learned from `_TRAINING`."""
    folder = tmp_path_factory.mktemp("transform")
    spec = {"name": tf.io.FixedLenFeature([1], tf.string)}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [{"name": [name.encode()]} for name in _TRAINING]
    with beam.Pipeline("FnApiRunner") as pipeline, tft_beam.Context(str(folder / "temporary")):
        data = pipeline | beam.Create(rows)
        function = (data, metadata) | tft_beam.AnalyzeDataset(preprocess)
        function | tft_beam.WriteTransformFn(str(folder / "out"))
    return tft.TFTransformOutput(str(folder / "out"))


@pytest.fixture(scope="module")
def vocabulary(transform: tft.TFTransformOutput) -> list[str]:
    return [token.decode() for token in transform.vocabulary_by_name("characters")]


def ids_of(transform: tft.TFTransformOutput, *names: str | bytes) -> dict[str, np.ndarray]:
    raw = [name.encode() if isinstance(name, str) else name for name in names]
    outputs = transform.transform_features_layer()({"name": tf.constant(raw)[:, None]})
    return {name: tensor.numpy() for name, tensor in outputs.items()}


def test_the_vocabulary_holds_what_was_seen_often_enough(vocabulary: list[str]) -> None:
    assert len(vocabulary) == len(set(vocabulary))
    assert set(vocabulary) == python_ids(_TRAINING)
    assert {"𠮷", "😀", "婷", "王", "伟", "丰"} == set(vocabulary)


def test_known_characters_have_ids_of_their_own(
    transform: tft.TFTransformOutput, vocabulary: list[str]
) -> None:
    name = "𠮷王😀伟"
    [ids] = ids_of(transform, name)["ids"]
    assert ids.dtype == np.int64
    assert [vocabulary[i - in_graph.RESERVED_IDS] for i in ids] == list(name)


def test_unseen_and_rare_characters_share_the_unknown_id(transform: tft.TFTransformOutput) -> None:
    # 李 was seen once, the others never.
    [ids] = ids_of(transform, "李𪚥Z龘")["ids"]
    assert ids.tolist() == [in_graph.UNKNOWN_ID] * 4


def test_padding_comes_after_the_end_only(transform: tft.TFTransformOutput) -> None:
    ids = ids_of(transform, "王", "", "王婷", "婷王婷王婷王")["ids"]
    assert ids.shape == (4, _MAX_CHARS)
    assert (ids != in_graph.PADDING_ID).tolist() == [
        [True, False, False, False],
        [False] * 4,
        [True, True, False, False],
        [True] * 4,
    ]


def test_text_that_is_too_long_loses_its_end(transform: tft.TFTransformOutput) -> None:
    long, cut = ids_of(transform, "婷王婷伟王王王", "婷王婷伟")["ids"]
    assert long.tolist() == cut.tolist()


def test_a_short_batch_is_padded_to_the_same_length(transform: tft.TFTransformOutput) -> None:
    assert ids_of(transform, "王")["ids"].shape == (1, _MAX_CHARS)
    assert ids_of(transform, "", "")["ids"].tolist() == [[in_graph.PADDING_ID] * _MAX_CHARS] * 2


def test_white_space_of_any_alphabet_is_left_out(transform: tft.TFTransformOutput) -> None:
    names = ["王婷", " 王 婷\n", "王\u3000婷", "\u00a0王\u2003\u2028婷\t\v", "王\x85\x1f婷"]
    ids = ids_of(transform, *names)["ids"]
    assert (ids == ids[0]).all()
    assert (ids[0, :2] >= in_graph.RESERVED_IDS).all()


def test_the_same_characters_are_white_as_in_python() -> None:
    everything = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    split = in_graph.split_characters(tf.constant([character.encode() for character in everything]))
    is_left_out = split.row_lengths().numpy() == 0
    left_out = {c for c, out in zip(everything, is_left_out, strict=True) if out}
    assert left_out == {c for c in everything if c.isspace()}


@pytest.mark.parametrize(
    "name", ["王婷婷", "𠮷野家", "😀👍", "\U0002a6a5", "Zoë", "e\u0301", "", "a\0b"]
)
def test_characters_are_code_points(name: str) -> None:
    [characters] = in_graph.split_characters(tf.constant([name.encode()])).numpy().tolist() or [[]]
    assert [character.decode() for character in characters] == list(name)


@pytest.mark.parametrize("garbage", [b"\xff\xfe", "王".encode()[:2], b"\x80\x80\x80", b"\xc0\xaf"])
def test_bytes_that_are_not_utf8_become_replacement_characters(
    transform: tft.TFTransformOutput, garbage: bytes
) -> None:
    raw = "王".encode() + garbage + "婷".encode()
    [characters] = in_graph.split_characters(tf.constant([raw])).to_list()
    assert characters[0].decode() == "王"
    assert characters[-1].decode() == "婷"
    assert {character.decode() for character in characters[1:-1]} == {"\ufffd"}
    [ids] = ids_of(transform, garbage)["ids"]
    assert set(ids.tolist()) <= {in_graph.UNKNOWN_ID, in_graph.PADDING_ID}
    assert ids[0] == in_graph.UNKNOWN_ID


def test_known_share_counts_characters_without_padding(transform: tft.TFTransformOutput) -> None:
    known = ids_of(transform, "王", "王龘", "李王婷婷", "龘", "")["known"]
    np.testing.assert_allclose(known, [1.0, 0.5, 0.75, 0.0, 0.0])
    assert known.dtype == np.float32


def test_the_graph_spells_characters_as_python_does() -> None:
    codes = [code for code in range(1, 0x30000) if unicodedata.category(chr(code)) not in _NO_TEXT]
    found = in_graph.normalize(tf.constant([chr(code).encode() for code in codes])).numpy()
    differing = [
        code
        for code, spelled in zip(codes, found, strict=True)
        if spelled.decode() != normalize(chr(code))
    ]
    # What becomes more than four characters is left as it is.
    assert all(len(normalize(chr(code))) > 4 for code in differing)
    assert len(differing) < 120


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("王芳", "王芳"), ("王\u200b芳\ufeff", "王芳"), ("Ａｎｎａ　李", "Anna李"), ("", ""),
        ("阿依古丽•买买提", "阿依古丽·买买提"), ("𠮷野家明", "𠮷野家明"), ("㈱王", "(株)王"),
        ("\u200b", ""), ("\uf9e1", "李"),
    ],
)  # fmt: skip
def test_one_spelling_in_the_graph_and_in_python(written: str, spelled: str) -> None:
    assert normalize(written) == spelled == normalize(spelled)
    assert in_graph.normalize(tf.constant([written, "x"])).numpy().tolist() == [
        spelled.encode(), b"x",
    ]  # fmt: skip
