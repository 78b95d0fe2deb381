r"""What width and language model are worth to chinese_asr: its error rate for each of them.

    python benchmarks/asr_decoding.py lianxi_runs/models/chinese_asr \
      lianxi_runs/pipelines/chinese_asr/ExampleGen/examples/3 --lm-weight 0 0.3 0.6

The model is one that a run pushed, the examples are what its ExampleGen wrote; those of the
evaluation split are asked as a client asks. A width of 1 without a language model follows the
likeliest path. Weights chosen by these figures flatter the figures.
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path
from typing import Any

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import numpy as np
import tensorflow as tf

from modules.chinese_asr.task import TASK
from modules.common.sound.sound_files import wav_bytes

_AT_ONCE = 16


def read(examples: Path) -> tuple[list[bytes], list[str]]:
    """Gives the recordings of the evaluation split as WAV files, and their transcripts."""
    files = [str(path) for path in sorted(examples.glob("Split-eval/*.gz"))]
    if not files:
        raise SystemExit(f"expected the examples of a run, found no Split-eval/*.gz in {examples}")
    wavs, texts = [], []
    for serialized in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator():
        feature = tf.train.Example.FromString(serialized).features.feature
        samples = np.frombuffer(feature["pcm"].bytes_list.value[0], "<i2") / np.float32(2**15)
        wavs.append(wav_bytes(samples, TASK.settings().sample_rate_hz))
        texts.append(feature["text"].bytes_list.value[0].decode())
    return wavs, texts


def wrong(answers: list[str], texts: list[str]) -> int:
    """Counts characters that must be put in, left out or changed."""
    found, wanted = (
        tf.strings.unicode_split(tf.constant(of), "UTF-8").to_sparse() for of in (answers, texts)
    )
    return int(tf.reduce_sum(tf.edit_distance(found, wanted, normalize=False)))


def ask(model: Any, wavs: list[bytes], width: int, weight: float) -> list[str]:
    """Asks for every recording, a few at a time."""
    answers: list[str] = []
    for start in range(0, len(wavs), _AT_ONCE):
        some = wavs[start : start + _AT_ONCE]
        answer = model.signatures["serving_default"](
            wav=tf.constant(some),
            beam_width=tf.fill([len(some)], tf.constant(width, tf.int64)),
            lm_weight=tf.fill([len(some)], tf.constant(weight, tf.float32)),
        )
        answers += [text.decode() for text in answer["text"].numpy()]
    return answers


def main() -> None:
    """Prints a line for each width and weight."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="folder of versions that a run pushed to")
    parser.add_argument("examples", type=Path, help="folder that ExampleGen wrote")
    parser.add_argument("--beam-width", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--lm-weight", type=float, nargs="+", default=[0.0, 0.3, 0.6])
    chosen = parser.parse_args()
    versions = sorted(chosen.model.glob("[0-9]*"), key=lambda path: int(path.name))
    if not versions:
        parser.error(f"expected a folder of versions, found none in {chosen.model}")
    model = tf.saved_model.load(str(versions[-1]))
    wavs, texts = read(chosen.examples)
    characters = sum(map(len, texts))
    print(f"{len(texts)} recordings, {characters:,} characters; {versions[-1]}")
    ask(model, wavs[:_AT_ONCE], 1, 0.0)
    for width, weight in itertools.product(chosen.beam_width, chosen.lm_weight):
        began_s = time.perf_counter()
        share = wrong(ask(model, wavs, width, weight), texts) / characters
        seconds = time.perf_counter() - began_s
        print(f"beam_width {width:2}  lm_weight {weight:<4g}  cer {share:6.2%}  {seconds:6.1f} s")


if __name__ == "__main__":
    main()
