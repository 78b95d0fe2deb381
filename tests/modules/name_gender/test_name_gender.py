from __future__ import annotations

import apache_beam as beam
import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from modules.common.declaring.settings import as_dict
from modules.common.reading.genders import parse_gender
from modules.common.text import in_graph
from modules.common.text.in_graph import PADDING_ID, RESERVED_IDS, UNKNOWN_ID
from modules.name_gender import features, model, simple_models
from modules.name_gender.signatures import NameGenderServable
from modules.name_gender.task import MAX_CHARS, TASK, is_name, parse_name

_VOCABULARY = 30
_IDS = _VOCABULARY + RESERVED_IDS
_SETTINGS = TASK.resolve({"embedding_units": 6, "filters": 5, "sample_rows": 3000})


# Parsing


@pytest.mark.parametrize(
    "text", ["男", " 男\t", "M", "m", "male", "Male", "MALE ", "男性", "先生", "Boy", "Ｍ"]
)
def test_spellings_of_male(text: str) -> None:
    assert parse_gender(text) == "male"


@pytest.mark.parametrize(
    "text", ["女", "　女", "F", "f", "female", "Female", " FEMALE", "女性", "小姐", "girl"]
)
def test_spellings_of_female(text: str) -> None:
    assert parse_gender(text) == "female"


@pytest.mark.parametrize("text", ["", "未知", "男女", "x", "0", "1", "mal"])
def test_another_gender_is_refused_with_what_was_found(text: str) -> None:
    with pytest.raises(ValueError, match="expected 男, 女, male, female, M or F") as caught:
        parse_gender(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["王婷婷", " 王婷婷\n", "王 婷婷", "王　婷　婷", "\u00a0王婷婷"])
def test_spaces_are_no_part_of_a_name(text: str) -> None:
    assert parse_name(text) == "王婷婷"


@pytest.mark.parametrize("text", ["", "  ", "　\t"])
def test_an_empty_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a name"):
        parse_name(text)


@pytest.mark.parametrize(
    "text", ["?", "？？", "—", "－", "…", "·", "12", "n/a", "NULL", "未知", "\u200b"]
)
def test_what_stands_for_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a name"):
        parse_name(text)


@pytest.mark.parametrize("text", ["王芳\u200b", "\ufeff王芳", "王\u3000芳", "王芳\ufe00", "王⁠芳"])
def test_a_name_is_asked_for_in_the_spelling_of_training(text: str) -> None:
    assert parse_name(text) == "王芳"
    # What is asked goes to the graph as it was typed.
    assert in_graph.normalize(tf.constant([text])).numpy()[0].decode() == "王芳"


def test_what_is_surely_a_name() -> None:
    assert all(map(is_name, ("王芳", "阿依古丽·买买提", "𠮷野家明", "〇三")))
    assert not any(map(is_name, ("男", "女性", "Anna", "", "王", "12", "先生")))


# The model


class Vocabulary:
    """In place of Transform's output."""

    def vocabulary_size_by_name(self, name: str) -> int:
        assert name == "characters"
        return _VOCABULARY


def random_model(seed: int = 0) -> keras.Model:
    """A model whose every weight, biases too, is random."""
    built = model.build_model(_SETTINGS, Vocabulary())  # type: ignore[arg-type]
    rng = np.random.default_rng(seed)
    built.set_weights([rng.normal(0, 0.5, weight.shape) for weight in built.get_weights()])
    return built


def layers_of(built: keras.Model, kind: type[keras.layers.Layer]) -> list[keras.layers.Layer]:
    """Layers of a kind in the order in which they were made."""
    found = [layer for layer in built.layers if isinstance(layer, kind)]
    # Keras numbers the layers of a kind: conv1d, conv1d_1, …
    return sorted(found, key=lambda layer: (len(layer.name), layer.name))


def logits(built: keras.Model, *names: list[int]) -> np.ndarray:
    width = built.inputs[0].shape[1]
    padded = np.array([(name + [PADDING_ID] * width)[:width] for name in names], np.int64)
    return built({"characters": padded}, training=False).numpy()


def slow_logit(built: keras.Model, name: list[int]) -> float:
    """The model of one name, unpadded, in loops."""
    characters, scale, shift = (
        layer.get_weights()[0] for layer in layers_of(built, keras.layers.Embedding)
    )
    sequence = [characters[c] * (1 + scale[i]) + shift[i] for i, c in enumerate(name)]
    hidden: list[float] = []
    for convolution in layers_of(built, keras.layers.Conv1D):
        kernel, bias = convolution.get_weights()
        width = len(kernel)
        for unit in range(kernel.shape[2]):
            answers = []
            for place in range(len(name)):
                total = bias[unit]
                for tap in range(width):
                    at = place + tap - (width - 1) // 2
                    if 0 <= at < len(name):
                        total += sequence[at] @ kernel[tap, :, unit]
                answers.append(max(total, 0.0))
            hidden.append(max(answers, default=0.0))
    weights, bias = layers_of(built, keras.layers.Dense)[0].get_weights()
    return float(np.array(hidden) @ weights[:, 0] + bias[0])


_NAMES = [[5, 6, 7], [2, 3], [9], [31, 30, 29, 28, 27, 26, 25, 24], [1, 1, 4], []]


def test_the_model_is_what_a_slow_obvious_version_computes() -> None:
    built = random_model()
    expected = [slow_logit(built, name) for name in _NAMES]
    assert np.std(expected) > 0.1
    np.testing.assert_allclose(logits(built, *_NAMES), expected, rtol=1e-4, atol=1e-4)


def test_padding_never_wins_the_max() -> None:
    built = random_model()
    for layer in layers_of(built, keras.layers.Conv1D):
        kernel, bias = layer.get_weights()
        # Silent wherever the filter sees a character, loud where it sees only padding.
        layer.set_weights([np.full_like(kernel, -9.0), np.full_like(bias, 3.0)])
    characters, scale, shift = layers_of(built, keras.layers.Embedding)
    characters.set_weights([np.full((_IDS, 6), 1.0)])
    for layer in (scale, shift):
        layer.set_weights([np.zeros((MAX_CHARS, 6))])
    silence = layers_of(built, keras.layers.Dense)[0].get_weights()[1][0]
    np.testing.assert_allclose(logits(built, *_NAMES), silence, atol=1e-6)


def test_more_room_after_a_name_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    built = random_model()
    monkeypatch.setattr(model, "MAX_CHARS", MAX_CHARS + 4)
    roomy = model.build_model(_SETTINGS, Vocabulary())  # type: ignore[arg-type]
    roomy.set_weights(
        [
            np.concatenate([weight, np.full_like(weight[:4], 7.0)])
            if weight.shape[0] == MAX_CHARS and weight.ndim == 2
            else weight
            for weight in built.get_weights()
        ]
    )
    assert roomy.inputs[0].shape[1] == MAX_CHARS + 4
    np.testing.assert_allclose(logits(roomy, *_NAMES), logits(built, *_NAMES), atol=1e-5)


def test_where_a_character_stands_matters() -> None:
    built = random_model()
    for layer in layers_of(built, keras.layers.Conv1D):
        kernel, bias = layer.get_weights()
        # Each filter sees one character: without positions, a name would be a bag of them.
        one = np.zeros_like(kernel)
        one[(len(kernel) - 1) // 2] = kernel[(len(kernel) - 1) // 2]
        layer.set_weights([one, bias])
    there, back = logits(built, [5, 6, 7], [7, 6, 5])
    assert abs(there - back) > 0.05
    for layer in layers_of(built, keras.layers.Embedding)[1:]:
        layer.set_weights([np.zeros((MAX_CHARS, 6))])
    there, back = logits(built, [5, 6, 7], [7, 6, 5])
    assert there == pytest.approx(back, abs=1e-5)


# What is served


_TRAINING = [
    ("王婷婷", "female"), ("李婷", "female"), ("李伟", "male"), ("王伟", "male"),
    ("张婷伟", "male"), ("张王", "male"), ("伟婷", "female"), ("𠮷婷", "female"),
]  # fmt: skip


@pytest.fixture(scope="module")
def transform_output(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    folder = tmp_path_factory.mktemp("name_gender")
    spec = {name: tf.io.FixedLenFeature([1], tf.string) for name in ("name", "gender")}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [{"name": [name.encode()], "gender": [gender.encode()]} for name, gender in _TRAINING]
    with beam.Pipeline("FnApiRunner") as pipeline, tft_beam.Context(str(folder / "temporary")):
        function = (pipeline | beam.Create(rows), metadata) | tft_beam.AnalyzeDataset(
            lambda inputs: features.preprocessing_fn(inputs, {"settings": as_dict(_SETTINGS)})
        )
        function | tft_beam.WriteTransformFn(str(folder / "out"))
    # As TFX's Transform does; it gives the raw features' specification.
    metadata_io.write_metadata(metadata, str(folder / "out" / "metadata"))
    return tft.TFTransformOutput(str(folder / "out"))


@pytest.fixture(scope="module")
def servable(transform_output: tft.TFTransformOutput) -> NameGenderServable:
    """A servable with random weights and a baseline fitted on `_TRAINING`."""
    built = model.build_model(_SETTINGS, transform_output)
    rng = np.random.default_rng(1)
    built.set_weights([rng.normal(0, 0.5, weight.shape) for weight in built.get_weights()])
    raw = raw_batch(_TRAINING)
    train = {k: v.numpy() for k, v in transform_output.transform_features_layer()(raw).items()}
    baselines = NameGenderServable.fit_baselines(train, {}, _SETTINGS)
    return NameGenderServable(TASK, _SETTINGS, built, transform_output, baselines)


def raw_batch(rows: list[tuple[str, str]]) -> dict[str, tf.Tensor]:
    names, genders = zip(*rows, strict=True)
    return {
        "name": tf.constant([name.encode() for name in names])[:, None],
        "gender": tf.constant(genders)[:, None],
    }


def test_characters_seen_once_share_the_id_of_those_never_seen(
    servable: NameGenderServable,
) -> None:
    once, never = servable.transform({"name": tf.constant(["𠮷婷".encode(), "龘婷".encode()])})[
        "characters"
    ].numpy()
    assert once.tolist() == never.tolist()
    assert once[0] == UNKNOWN_ID
    assert once[1] >= RESERVED_IDS


def test_answer_and_classify_agree_with_the_model(servable: NameGenderServable) -> None:
    names = ["王婷婷", "李伟", "龘", "婷龘", "", "很长很长的名字王婷婷"]
    raw = {"name": tf.constant([name.encode() for name in names])}
    characters = servable.transform(raw)["characters"]
    by_characters = servable.model.predict({"characters": characters}, verbose=0)
    simple = simple_models.answer(characters, servable.baselines["simple"])
    # One that was seen so often as the logarithm says leaves the characters 1 / (2 + n).
    share = 1 / (1 + np.exp(simple.log_times_seen))
    assert share.min() < share.max() == 0.5
    by_memory = (simple.log_odds.numpy() + simple.boosted_trees.numpy()) / 2
    male = 1 / (1 + np.exp(-share * by_characters - (1 - share) * by_memory))
    assert (male > 0.5).any()
    assert (male < 0.5).any()

    answer = {name: tensor.numpy() for name, tensor in servable.answer(raw).items()}
    assert [label.decode() for label in answer["label"]] == [
        "male" if p > 0.5 else "female" for p in male
    ]
    np.testing.assert_allclose(answer["probability"], np.maximum(male, 1 - male), atol=1e-5)
    np.testing.assert_allclose(answer["known"][:5], [1, 1, 0, 0.5, 0])

    classified = servable.answer_examples(raw)
    assert classified["classes"].numpy().tolist() == [[b"female", b"male"]] * len(names)
    np.testing.assert_allclose(
        classified["scores"].numpy(), np.stack([1 - male, male], 1), atol=1e-5
    )


def test_scores_say_who_is_right(servable: NameGenderServable) -> None:
    rows = [*_TRAINING, ("王婷婷", "male"), ("李伟", "female")]
    raw = raw_batch(rows)
    scores = {name: tensor.numpy() for name, tensor in servable.score(raw).items()}
    answer = servable.answer({"name": raw["name"][:, 0]})
    labels = [label.decode() for label in answer["label"].numpy()]
    genders = [gender for _, gender in rows]
    right = [label == gender for label, gender in zip(labels, genders, strict=True)]
    assert scores["accuracy__score"].tolist() == right
    assert 0 < np.mean(right) < 1
    assert scores["accuracy__weight"].tolist() == [1] * len(rows)
    for metric in ("auc", "ece"):
        assert scores[f"{metric}__label"].tolist() == [gender == "male" for gender in genders]
        assert [p > 0.5 for p in scores[f"{metric}__score"]] == [x == "male" for x in labels]
    # A name borne by both cannot be right twice.
    for baseline in ("log_odds", "boosted_trees"):
        simple = scores[f"accuracy__{baseline}"]
        assert set(simple.tolist()) == {0.0, 1.0}
        assert simple[0] + simple[8] == 1
        assert simple[2] + simple[9] == 1
    assert all(tensor.shape == (len(rows),) for tensor in scores.values())
    assert all(tensor.dtype == np.float32 for tensor in scores.values())
