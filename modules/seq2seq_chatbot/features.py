"""seq2seq_chatbot: lines to the ids of their characters.

White space is one space wherever there is some, and none at either end, as the reader has it: what
is served is read as what was trained on. Ids: 0 fills up, and is the end of a line (and what
comes before its first character); 1 and more are the characters, the most frequent first; one
above the last is a character that training saw less than `MIN_COUNT` times, or never, so that what
is unknown is trained too.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from modules.common.declaring.settings import restore
from modules.common.graph.tensors import Tensors, pack_ragged
from modules.common.text.in_graph import tidy
from modules.seq2seq_chatbot.task import Settings

VOCABULARY = "characters"
# A line is in the middle of two pairs, so that what is said once is seen twice.
MIN_COUNT = 3


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `question` and `reply`, string `[batch, 1]` each; `question_length` is not used.
        custom_config: `settings` holds `vocabulary_size`.

    Returns:
        The declared features.
    """
    names = ("question", "reply")
    lines = {name: characters_of(inputs[name][:, 0]) for name in names}
    vocabulary = tft.vocabulary(
        tf.concat([lines[name].flat_values for name in names], axis=0),
        top_k=restore(Settings, custom_config["settings"]).vocabulary_size,
        frequency_threshold=MIN_COUNT,
        vocab_filename=VOCABULARY,
    )
    features = {}
    for name, characters in lines.items():
        ids = 1 + tft.apply_vocabulary(characters.flat_values, vocabulary, num_oov_buckets=1)
        dense = characters.with_flat_values(ids).to_tensor(0)
        # int64 [batch, longest], packed
        features[name] = pack_ragged(dense, characters.row_lengths())
    return features


def characters_of(lines: tf.Tensor) -> tf.RaggedTensor:
    """Splits lines into characters.

    Args:
        lines: string `[batch]`; bytes that are not UTF-8 become U+FFFD.

    Returns:
        string `[batch, (characters)]`.
    """
    return tf.strings.unicode_split(tidy(lines), "UTF-8")


def symbols_of(transform_output: tft.TFTransformOutput) -> list[str]:
    """Gives what each id stands for: the end and the unknown character are empty.

    Args:
        transform_output: Gives the vocabulary.

    Returns:
        A character for each id.
    """
    known = transform_output.vocabulary_by_name(VOCABULARY)
    return ["", *(character.decode() for character in known), ""]
