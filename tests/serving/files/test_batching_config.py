"""batching.config: what is written is what TensorFlow Serving accepts, and what is read."""

import pytest
import tensorflow as tf
from google.protobuf import text_format

from serving.config import BatchingConfig, ServerConfig
from serving.errors import ServingError
from serving.files.batching_config import batching_config, read_batching_config
from serving.files.container import has_ragged_inputs, write_container_config
from serving.files.texts import new_message


def _parse(text):
    return text_format.Parse(text, new_message("BatchingParameters"))


def _refusals(proto):
    """The rules of TensorFlow Serving's model server for these parameters.

    Source: `WrapSessionForBatching` and `GetQueueOptions` in
    tensorflow_serving/servables/tensorflow/bundle_factory_util.cc and .h; `Create` and
    `AddQueue` in tensorflow/core/kernels/batching_util/shared_batch_scheduler.h; the order of
    sizes in tensorflow_serving/batching/batching_options.h.
    """
    limit = proto.max_batch_size.value if proto.HasField("max_batch_size") else 1000
    sizes = list(proto.allowed_batch_sizes)
    if sizes and sizes[-1] != limit:
        yield f"last entry {sizes[-1]}, expected {limit}"
    if sizes != sorted(set(sizes)):
        yield "not increasing"
    if proto.HasField("num_batch_threads") and proto.num_batch_threads.value < 1:
        yield "num_batch_threads must be positive"
    if limit == 0:
        yield "input_batch_size_limit must be positive"
    if proto.batch_timeout_micros.value < 0:
        yield "batch_timeout_micros must be non-negative"
    if proto.HasField("max_enqueued_batches") and proto.max_enqueued_batches.value == 0:
        yield "max_enqueued_batches must be positive"
    if proto.enable_large_batch_splitting.value:
        run = limit
        if proto.HasField("max_execution_batch_size"):
            run = proto.max_execution_batch_size.value
        if limit < run:
            yield "input_batch_size_limit must be at least max_execution_batch_size"


CONFIGS = [
    BatchingConfig(),
    BatchingConfig(max_batch_size=8, allowed_batch_sizes=(2, 8)),
    BatchingConfig(max_batch_size=8, max_enqueued_batches=1, allowed_batch_sizes=(8,)),
    BatchingConfig(max_batch_size=1, batch_timeout_micros=500, num_batch_threads=1),
]


@pytest.mark.parametrize("config", CONFIGS)
def test_the_real_server_accepts_what_is_written(config):
    proto = _parse(batching_config(config))
    assert not list(_refusals(proto))
    # Large requests are split, as the embedded server runs them too.
    assert proto.enable_large_batch_splitting.value
    assert proto.max_execution_batch_size.value == config.max_batch_size
    # A batch is padded to the same sizes.
    for rows in range(1, config.max_batch_size + 1):
        real = next((size for size in proto.allowed_batch_sizes if size >= rows), rows)
        assert real == config.choose_padded_size(rows)


@pytest.mark.parametrize("config", CONFIGS)
def test_what_is_written_can_be_read(tmp_path, config):
    (tmp_path / "b").write_text(batching_config(config, ["some_model"]))
    read = read_batching_config(tmp_path / "b")
    assert read.threads == config.threads
    for name in (
        "max_batch_size",
        "batch_timeout_micros",
        "max_enqueued_batches",
        "allowed_batch_sizes",
    ):
        assert getattr(read, name) == getattr(config, name)


def test_no_run_is_larger_than_any_model_takes():
    config = BatchingConfig(max_batch_size=64, allowed_batch_sizes=(2, 16, 64))
    text = batching_config(config, most_examples={"names": 500, "pictures": 4, "music": 16})
    proto = _parse(text)
    assert not list(_refusals(proto))
    assert proto.max_execution_batch_size.value == 4
    assert list(proto.allowed_batch_sizes[:-1]) == [2, 4]
    assert "# pictures takes at most 4 examples at once" in text
    assert "takes at most" not in batching_config(config, most_examples={"names": 500})


def test_defaults_are_the_real_servers(tmp_path):
    (tmp_path / "b").write_text("")
    read = read_batching_config(tmp_path / "b")
    assert (read.max_batch_size, read.max_enqueued_batches, read.batch_timeout_micros) == (
        1000,
        10,
        0,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_batch_size: 8", r"Invalid protobuf file: .*BatchingParameters.* 1:1[67]"),
        ("max_batch { value: 8 }", 'no field named "max_batch"'),
        (
            "max_batch_size { value: 8 } allowed_batch_sizes: 4",
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was 4; "
            "expected 8",
        ),
        ("max_batch_size { value: 8 } allowed_batch_sizes: [4, 4, 8]", "must ascend"),
        ("max_batch_size { value: 0 }", "max_batch_size must be at least 1, got 0"),
        ("num_batch_threads { value: 0 }", "num_batch_threads must be at least 1, got 0"),
        (
            "max_batch_size { value: 8 } max_execution_batch_size { value: 9 } "
            "enable_large_batch_splitting { value: true }",
            "max_execution_batch_size to be at most max_batch_size",
        ),
    ],
)
def test_what_the_real_server_refuses_is_refused(tmp_path, text, message):
    (tmp_path / "b").write_text(text)
    with pytest.raises(ServingError, match=message) as caught:
        read_batching_config(tmp_path / "b")
    assert caught.value.code.name == "INVALID_ARGUMENT"


def test_padding_where_inner_shapes_differ(tmp_path, publish):
    publish(tmp_path / "root", "tiny", 1)
    assert not has_ragged_inputs(tmp_path / "root" / "tiny")
    paths = write_container_config(tmp_path / "root", tmp_path / "config")
    assert not _parse(paths[1].read_text()).pad_variable_length_inputs

    class Ragged(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, None, 3], tf.float32, name="x")])
        def size(self, x):
            return {"size": tf.reduce_sum(x, axis=(1, 2))}

    model = Ragged()
    tf.saved_model.save(model, str(tmp_path / "root" / "ragged" / "1"), signatures=model.size)
    assert has_ragged_inputs(tmp_path / "root" / "ragged")
    paths = write_container_config(tmp_path / "root", tmp_path / "config")
    text = paths[1].read_text()
    assert _parse(text).pad_variable_length_inputs
    assert "#   ragged\n" in text and "tiny" not in text


def test_a_model_that_cannot_be_read_is_not_looked_into(tmp_path):
    (tmp_path / "bad" / "1").mkdir(parents=True)
    (tmp_path / "bad" / "1" / "saved_model.pb").write_bytes(b"\xff")
    assert not has_ragged_inputs(tmp_path / "bad")
    assert ServerConfig().batching.enabled
