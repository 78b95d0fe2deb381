"""`batching.config`: how requests are merged, in TensorFlow Serving's `BatchingParameters`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from serving import errors
from serving.config import BatchingConfig
from serving.files.texts import new_message, read_text_proto

# Defaults of tensorflow/core/kernels/batching_util/shared_batch_scheduler.h.
_MAX_BATCH_SIZE, _MAX_ENQUEUED_BATCHES = 1000, 10


def batching_config(
    config: BatchingConfig,
    ragged_models: Collection[str] = (),
    most_examples: Mapping[str, int] | None = None,
) -> str:
    """Writes BatchingParameters.

    Large requests are split into runs of `max_batch_size` rows, because the embedded server
    accepts them too. TensorFlow Serving then wants the limit for a request, not that for a run,
    at the end of `allowed_batch_sizes`; no run ever becomes so large.

    Args:
        config: Parameters of the embedded server.
        ragged_models: Models with inputs that may have different shapes from request to
            request. TensorFlow Serving either refuses to merge such requests, and the callers
            get an error, or pads the smaller ones.
        most_examples: Most examples that a model's graph takes at once, by model. The file is for
            all models alike, so that no run may have more than the least of them.

    Returns:
        Text proto.

    Source: `tensorflow_serving/servables/tensorflow/bundle_factory_util.cc`,
        `tensorflow_serving/batching/batching_session.cc`.
    """
    largest_request = config.max_batch_size * config.max_enqueued_batches
    limits = most_examples or {}
    largest_run = min([config.max_batch_size, *limits.values()])
    values = {
        "max_batch_size": largest_request,
        "max_execution_batch_size": largest_run,
        "batch_timeout_micros": config.batch_timeout_micros,
        "max_enqueued_batches": config.max_enqueued_batches,
        "num_batch_threads": config.threads,
    }
    lines = [f"{name} {{ value: {value} }}" for name, value in values.items()]
    lines.append("enable_large_batch_splitting { value: true }")
    sizes = config.allowed_batch_sizes
    if sizes:
        fitting = (size for size in sizes if size < largest_run)
        sizes = tuple(dict.fromkeys((*fitting, largest_run, largest_request)))
    lines += [f"allowed_batch_sizes: {size}" for size in sizes]
    if largest_run < config.max_batch_size:
        least = min(limits, key=lambda name: limits[name])
        lines += [
            f"# {least} takes at most {largest_run} examples at once, and a run of more would be",
            "# refused; a server without it can be given larger runs.",
        ]
    if ragged_models:
        lines += [
            "# Inputs of these models differ in shape, and merged ones are padded with their",
            "# first value, which may change answers; --enable_batching=false merges none:",
            *(f"#   {name}" for name in sorted(ragged_models)),
            "pad_variable_length_inputs: true",
        ]
    return "\n".join(lines) + "\n"


def read_batching_config(path: Path | str) -> BatchingConfig:
    """Reads BatchingParameters.

    Args:
        path: Text proto, as for TensorFlow Serving's `--batching_parameters_file`.

    Returns:
        The parameters, what the file leaves out with TensorFlow Serving's defaults.
        `thread_pool_name` and `pad_variable_length_inputs` say nothing to the embedded server,
        which merges only inputs of one shape.

    Raises:
        ServingError: INVALID_ARGUMENT if TensorFlow Serving would refuse it.
        OSError: It cannot be read.

    Source: as `batching_config`; `tensorflow/core/kernels/batching_util/shared_batch_scheduler.h`.
    """
    proto = read_text_proto(path, new_message("BatchingParameters"))
    try:
        return _config(proto)
    except ValueError as error:
        raise errors.invalid_argument(f"'{path}': {error}") from None


def _config(proto: Any) -> BatchingConfig:
    largest_request = _value(proto, "max_batch_size", _MAX_BATCH_SIZE)
    largest_run = largest_request
    if _value(proto, "enable_large_batch_splitting", False):
        largest_run = _value(proto, "max_execution_batch_size", largest_request)
        if largest_run > largest_request:
            raise ValueError(
                "expected max_execution_batch_size to be at most max_batch_size "
                f"({largest_request}), got {largest_run}"
            )
    sizes = tuple(proto.allowed_batch_sizes)
    if sizes and sizes[-1] != largest_request:
        raise ValueError(
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was "
            f"{sizes[-1]}; expected {largest_request}"
        )
    if list(sizes) != sorted(set(sizes)):
        raise ValueError(f"allowed_batch_sizes must ascend, got {sizes}")
    if sizes:
        sizes = (*(size for size in sizes if size < largest_run), largest_run)
    return BatchingConfig(
        max_batch_size=largest_run,
        batch_timeout_micros=_value(proto, "batch_timeout_micros", 0),
        max_enqueued_batches=_value(proto, "max_enqueued_batches", _MAX_ENQUEUED_BATCHES),
        num_batch_threads=_value(proto, "num_batch_threads", None),
        allowed_batch_sizes=sizes,
    )


def _value(proto: Any, field: str, default: Any) -> Any:
    return getattr(proto, field).value if proto.HasField(field) else default
