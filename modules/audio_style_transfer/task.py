"""audio_style_transfer: two recordings to the one in the style of the other.

Data: a folder of recordings, of any kind and length, without labels. Without data, a few clips are
synthesized: a plucked melody, a rhythm of noise, a voice that sings vowels.

Model: one layer of random filters along time on log magnitudes, and L-BFGS on these until their
Gram matrix is the style's, as D. Ulyanov & V. Lebedev did, "Audio texture synthesis and style
transfer" (2016); phases by Griffin-Lim. Nothing is trained. The seed exercise cut both recordings
at ten seconds, went through NumPy at every step of SciPy's optimizer, in two sessions, and let
magnitudes become negative, which no sound has: its losses were those of the optimizer, not of what
one hears. Here any length goes, all is in the served graph, and losses are of the sound.

Gate: the style loss of held-out excerpts falls at least to a fifth of what it is before, and below
that of noise with the style's spectrum; and their content loss is below that of the style clip
itself, and of that noise.
"""

from __future__ import annotations

from collections.abc import Mapping

from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task, Value
from modules.common.sound import example_sound
from modules.common.sound.sources import ClipSource

CONTENT_WEIGHT = 0.01
ITERATIONS = 300

_NOTHING_TRAINED = "the filters are drawn at random, and nothing is trained"


def excerpt_samples(hparams: Mapping[str, Value]) -> int:
    """Says how many samples an excerpt for the evaluation holds."""
    return int(float(hparams["eval_seconds"]) * int(hparams["sample_rate_hz"]))


def features(hparams: Mapping[str, Value]) -> tuple[Feature, ...]:
    """Gives the features of the length that is asked for."""
    return (
        Feature(name="excerpt", dtype="float32", shape=(excerpt_samples(hparams),)),
        Feature(name="duration_s", dtype="float32"),
    )


TASK = Task(
    name="audio_style_transfer",
    title="Two recordings → the one in the style of the other",
    sources=(ClipSource(),),
    features=features,
    label="duration_s",
    hparams={
        "seed": 20161209,
        "sample_rate_hz": 22050,
        "max_seconds": 600.0,
        "n_fft": 2048,
        "filters": 4096,
        "piece_seconds": 10.0,
        "overlap_seconds": 1.0,
        "passes": 5,
        "phase_rounds": 100,
        "precision": "auto",
        "eval_seconds": 3.0,
        "eval_iterations": 50,
        "sample_clips": 12,
    },
    data_hparams=("sample_rate_hz", "max_seconds", "eval_seconds"),
    smoke={
        "sample_rate_hz": 11025,
        "n_fft": 1024,
        "filters": 256,
        "piece_seconds": 2.0,
        "overlap_seconds": 0.5,
        "phase_rounds": 20,
        "eval_seconds": 1.5,
        "eval_iterations": 40,
        "sample_clips": 9,
    },
    metrics=(
        Metric(
            name="style_ratio",
            doc="style loss of held-out excerpts in another's style over what it was before",
            better="lower",
            baselines=("content", "noise"),
            gate=Gate(baseline=("content", "noise"), floor=0.2),
        ),
        Metric(
            name="content_ratio",
            doc="their content loss over that of the style clip itself",
            better="lower",
            baselines=("style", "noise"),
            gate=Gate(baseline=("style", "noise")),
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="content",
                dtype="string",
                kind="sound",
                doc="the recording to change: bytes of a WAV file of any rate, 0.3 to 600 s",
            ),
            Field(
                name="style",
                dtype="string",
                kind="sound",
                doc="the recording in whose style it shall be: likewise",
            ),
            Field(
                name="content_weight",
                dtype="float32",
                at_least=0,
                step=0.01,
                doc="how much the content counts beside the style",
                default=CONTENT_WEIGHT,
            ),
            Field(
                name="iterations",
                dtype="int64",
                at_least=1,
                at_most=1000,
                doc="steps of the optimizer, L-BFGS",
                default=ITERATIONS,
            ),
        ),
        outputs=(
            Field(
                name="wav",
                dtype="string",
                kind="sound",
                doc="bytes of a WAV file, mono, 16 bits, at sample_rate_hz, as long as the content",
            ),
            Field(
                name="style_loss",
                dtype="float32",
                doc="squared differences of its Gram matrix from the style's, summed",
            ),
            Field(
                name="content_loss",
                dtype="float32",
                doc="squared differences of its features from the content's, summed over ten "
                "seconds",
            ),
        ),
        example={
            "content": [example_sound.recording(220.0)],
            "style": [example_sound.recording(330.0)],
            "iterations": [2],
        },
        max_examples=2,
        # Minutes of sound take an hour.
        timeout_s=4 * 3600.0,
    ),
    max_latency_ms=30_000.0,
    exemptions={
        "test_model_takes_any_batch_and_learns_one": _NOTHING_TRAINED,
        "test_an_untrained_model_fails_the_gate": _NOTHING_TRAINED
        + "; that an answer without iterations fails is a test of the task's own",
    },
)
