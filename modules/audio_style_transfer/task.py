"""audio_style_transfer: two recordings to the one in the style of the other.

Data: a folder of recordings, of any kind and length, without labels. Without data, a few clips are
synthesized: a plucked melody, a rhythm of noise, a voice that sings vowels.

Model: one layer of random filters along time on log magnitudes, and L-BFGS on these until their
Gram matrix is the style's, as D. Ulyanov & V. Lebedev did, "Audio texture synthesis and style
transfer" (2016); phases by Griffin-Lim. Nothing is trained. The original exercise cut both
recordings at ten seconds, went through NumPy at every step of SciPy's optimizer, in two sessions,
and let magnitudes become negative, which no sound has: its losses were those of the optimizer, not
of what one hears. Here any length goes, all is in the served graph, and losses are of the sound.

Gate: the style loss of held-out excerpts falls at least to a fifth of what it is before, and below
that of noise with the style's spectrum; and their content loss is below that of the style clip
itself, and of that noise.
"""

from __future__ import annotations

from modules.common.declaring.settings import DATA, SAMPLE, setting
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import PrecisionSettings
from modules.common.runtime.errors import SettingError
from modules.common.sound import example_sound
from modules.common.sound.settings import SoundSettings
from modules.common.sound.sources import ClipSource

CONTENT_WEIGHT = 0.01
ITERATIONS = 300

_NOTHING_TRAINED = "the filters are drawn at random, and nothing is trained"


class Settings(PrecisionSettings, SoundSettings):
    """What may be set for audio_style_transfer."""

    seed: int = setting(20161209)
    precision: str = setting("auto")
    sample_rate_hz: int = setting(22050, smoke=11025)
    max_seconds: float = setting(600.0)
    n_fft: int = setting(
        2048, smoke=1024, at_least=64, doc="Window of the spectrum, in samples; a multiple of 4."
    )
    filters: int = setting(4096, smoke=256, at_least=1, doc="Filters of the random network.")
    piece_seconds: float = setting(
        10.0,
        smoke=2.0,
        above=0,
        doc="Length of the pieces that a long recording is worked on in, in seconds.",
    )
    overlap_seconds: float = setting(
        1.0, smoke=0.5, at_least=0, doc="What neighbouring pieces share, in seconds."
    )
    passes: int = setting(
        5, at_least=1, doc="How often a sound is made of magnitudes and worked on again, at most."
    )
    phase_rounds: int = setting(
        100, smoke=20, at_least=0, doc="Rounds of Griffin-Lim, which finds phases."
    )
    eval_seconds: float = setting(
        3.0,
        smoke=1.5,
        above=0,
        reads=DATA,
        doc="Length of the excerpts that the gate is measured on, in seconds.",
    )
    eval_iterations: int = setting(
        50, smoke=40, at_least=0, doc="Iterations of the optimizer on each of them."
    )
    sample_clips: int = setting(
        12, smoke=9, at_least=1, reads=SAMPLE, doc="Clips that are synthesized."
    )

    def check_together(self) -> None:
        """Refuses what cannot be cut into windows and pieces."""
        if self.n_fft % 4:
            raise SettingError(f"n_fft takes a multiple of 4, found {self.n_fft}")
        if self.overlap_seconds >= self.piece_seconds:
            raise SettingError(
                f"overlap_seconds takes less than piece_seconds, {self.piece_seconds}, found "
                f"{self.overlap_seconds}"
            )


def excerpt_samples(settings: Settings) -> int:
    """Says how many samples an excerpt for the evaluation holds."""
    return int(settings.eval_seconds * settings.sample_rate_hz)


def features(settings: Settings) -> tuple[Feature, ...]:
    """Gives the features of the length that is asked for."""
    return (
        Feature(name="excerpt", dtype="float32", shape=(excerpt_samples(settings),)),
        Feature(name="duration_s", dtype="float32"),
    )


TASK = Task(
    name="audio_style_transfer",
    title="Two recordings → the one in the style of the other",
    sources=(ClipSource(),),
    features=features,
    label="duration_s",
    settings=Settings,
    trains=False,
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
                raw="pcm",
                dtype="string",
                kind="sound",
                doc="the recording to change: bytes of a WAV file of any rate, 0.3 to 600 s",
            ),
            Field(
                name="style",
                raw="pcm",
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
