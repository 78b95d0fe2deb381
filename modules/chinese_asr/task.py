"""chinese_asr: Mandarin speech to text.

Data: recordings with transcripts, in THCHS-30's layout, AISHELL's, or any list of them;
`docs/sound.md` has them all. A speaker is never on both sides of the split. Without data, eSpeak NG
reads generated sentences in many voices.

Model: gated dilated convolutions over cepstra (WaveNet), and CTC. The original exercise took label
0, its padding, for a character; guessed lengths from zeros; its batch normalization never learnt
its averages; and it heard the same five printed lines again. Published on THCHS-30: this
architecture 56.8 % character error rate, Kaldi's DNN-MPE 23.3 %, CVTE's chain model 8.10 %.

Gate: on speakers that were not trained on, the character error rate is at least 10 points below
that of the best constant answer to recordings of about the same duration, and at most 2 points
above the last blessed model's. What hears nothing and has the language model speak is about level
with it in a smoke run.
"""

from __future__ import annotations

from modules.chinese_asr.framing import CEPSTRA
from modules.common.declaring.settings import SAMPLE, setting
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import DropoutSettings, TrainingSettings
from modules.common.sound import example_sound
from modules.common.sound.settings import SpeechSettings
from modules.common.sound.sources import ListedSpeechSource, SideFileSource, WordFileSource


class Settings(TrainingSettings, DropoutSettings, SpeechSettings):
    """What may be set for chinese_asr."""

    seed: int = setting(20170501)
    epochs: int = setting(8)
    min_steps: int = setting(240, smoke=0)
    batch_size: int = setting(16)
    eval_batch_size: int = setting(32)
    learning_rate: float = setting(4e-3, search=(2e-3, 4e-3, 6e-3))
    schedule: str = setting("cosine")
    optimizer: str = setting(
        "adam",
        choices=("adam", "maxprop"),
        doc="What trains: Adam, or maxprop, which divides by the largest of the gradients seen.",
    )
    clip_norm: float = setting(
        5.0, at_least=0, doc="Norm that the gradient is scaled down to; 0 for no limit."
    )
    channels: int = setting(128, smoke=48, at_least=1, doc="Channels of the convolutions.")
    blocks: int = setting(
        3,
        smoke=1,
        search=(2, 3, 4),
        at_least=0,
        doc="Blocks of the network, a stack of dilated convolutions each.",
    )
    dropout: float = setting(0.05, search=(0.0, 0.05, 0.2))
    time_masks: int = setting(2, at_least=0, doc="Stretches of time that training blanks out.")
    time_mask_frames: int = setting(6, at_least=0, doc="Length of the longest of them, in frames.")
    band_masks: int = setting(1, at_least=0, doc="Bands of pitch that training blanks out.")
    band_mask_mels: int = setting(8, at_least=0, doc="Width of the widest of them, in mel bands.")
    length_bonus: float = setting(
        0.0,
        doc="What each character adds to a text's score, times the language model's weight, where "
        "the run does not choose it.",
    )
    lm_utterances: int = setting(
        256,
        smoke=64,
        at_least=0,
        doc="Training utterances by which the run chooses how much the language model counts, "
        "and length_bonus; 0 for no choice, and no language model unless a request asks for it.",
    )
    sample_rate_hz: int = setting(16_000)
    max_seconds: float = setting(20.0)
    max_served_seconds: float = setting(
        120.0, above=0, doc="Longest recording that a request may hold, in seconds."
    )
    sample_text: str = setting(
        "sentences",
        smoke="digits",
        choices=("sentences", "digits"),
        reads=SAMPLE,
        doc="What the voices of the sample say.",
    )
    sample_utterances: int = setting(
        4000, smoke=400, at_least=10, reads=SAMPLE, doc="Recordings that are spoken."
    )
    sample_voices: int = setting(
        35, smoke=6, at_least=2, reads=SAMPLE, doc="Voices that speak them."
    )
    sample_conditions: str = setting(
        "clean,noisy,reverberant,far,fast",
        reads=SAMPLE,
        doc="Conditions under which each voice is recorded in turn.",
    )


TASK = Task(
    name="chinese_asr",
    title="Mandarin speech → text",
    sources=(WordFileSource(), SideFileSource(), ListedSpeechSource()),
    features=(
        Feature(name="frames", dtype="float32", shape=(None, CEPSTRA)),
        Feature(name="n_frames", dtype="int64"),
        Feature(name="characters", dtype="int64", shape=(None,)),
    ),
    label="characters",
    settings=Settings,
    metrics=(
        Metric(
            name="cer",
            doc="character error rate: substitutions, insertions and deletions over the "
            "characters of the transcripts",
            better="lower",
            baselines=("constant", "by_duration"),
            gate=Gate(baseline="by_duration", min_gain=0.1, max_drop=0.02),
            percent=True,
        ),
        Metric(
            name="text_accuracy",
            doc="fraction of recordings whose whole text is correct",
            baselines=("constant", "by_duration"),
            percent=True,
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="wav",
                raw="pcm",
                dtype="string",
                kind="sound",
                doc="bytes of a WAV file: PCM of 8 to 32 bits or floats, any rate and channels",
            ),
            Field(
                name="beam_width",
                dtype="int64",
                default=8,
                at_least=1,
                at_most=64,
                doc="texts that are followed at once; 1 follows the likeliest path",
            ),
            Field(
                name="lm_weight",
                dtype="float32",
                default=-1.0,
                at_least=-1,
                step=0.1,
                doc="how much it counts which characters follow which two in the transcripts; 0 "
                "leaves it out, less takes the weight that training chose for beam widths above 1",
            ),
        ),
        outputs=(
            Field(name="text", raw="text", dtype="string", doc="what was said"),
            Field(
                name="confidence",
                dtype="float32",
                kind="probability",
                of="text",
                doc="of a character of the text, on average (geometric mean)",
            ),
            Field(name="duration_s", dtype="float32", unit="s", doc="length of the recording"),
        ),
        example={"wav": [example_sound.recording(140.0)]},
        max_examples=16,
    ),
    slices=("text_length", "condition"),
    max_latency_ms=2000.0,
)
