"""Draws one example. Light: it runs in processes that never import TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject, split_of
from modules.common.declaring.registry import import_function
from modules.common.drawn.sources import GeneratedSource


def draw_example(index: int, config: ReadConfig) -> Iterator[Record | Reject]:
    """Draws one example.

    Args:
        index: Its number, which is its split key.
        config: Its source must be a `GeneratedSource`.

    Yields:
        One record, or one reject.
    """
    source: GeneratedSource = config.source
    try:
        features = dict(import_function(source.drawer)(index, config.settings))
    except ValueError as error:
        yield Reject("", f"example {index}", str(error))
        return
    yield Record(split_of(str(index), source.eval_percent), features)
