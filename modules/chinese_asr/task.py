"""chinese_asr: Mandarin speech to text.

Data: recordings with transcripts, in THCHS-30's layout, AISHELL's, or any list of them;
`docs/sound.md` has them all. A speaker is never on both sides of the split. Without data, eSpeak NG
reads generated sentences in many voices.

Model: gated dilated convolutions over cepstra (WaveNet), and CTC. The seed exercise took label 0,
its padding, for a character; guessed lengths from zeros; its batch normalization never learnt its
averages; and it heard the same five printed lines again. Published on THCHS-30: this architecture
56.8 % character error rate, Kaldi's DNN-MPE 23.3 %, CVTE's chain model 8.10 %.

Gate: on speakers that were not trained on, the character error rate is at least 5 points below
that of the best constant answer, and at most 2 points above the last blessed model's.
"""

from __future__ import annotations

from modules.chinese_asr.framing import CEPSTRA
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.sound import example_sound
from modules.common.sound.sources import ListedSpeechSource, SideFileSource, WordFileSource

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
    hparams={
        "seed": 20170501,
        "epochs": 8,
        "min_steps": 240,
        "batch_size": 16,
        "eval_batch_size": 32,
        "learning_rate": 4e-3,
        "patience": 0,
        "schedule": "cosine",
        "precision": "float32",
        "optimizer": "adam",
        "clip_norm": 5.0,
        "channels": 128,
        "blocks": 3,
        "dropout": 0.05,
        "time_masks": 2,
        "time_mask_frames": 6,
        "band_masks": 1,
        "band_mask_mels": 8,
        "length_bonus": 0.0,
        "sample_rate_hz": 16_000,
        "max_seconds": 20.0,
        "min_file_bytes": 0,
        "eval_folder": "test",
        "eval_on": "held_out",
        "max_served_seconds": 120.0,
        "sample_text": "sentences",
        "sample_utterances": 4000,
        "sample_voices": 25,
    },
    choices={
        "optimizer": ("adam", "maxprop"),
        "eval_on": ("held_out", "train"),
        "sample_text": ("sentences", "digits"),
    },
    data_hparams=("sample_rate_hz", "max_seconds", "min_file_bytes", "eval_folder", "eval_on"),
    smoke={
        "min_steps": 0,
        "channels": 48,
        "blocks": 1,
        "sample_text": "digits",
        "sample_utterances": 400,
        "sample_voices": 6,
    },
    search={
        "learning_rate": (2e-3, 4e-3, 6e-3),
        "blocks": (2, 3, 4),
        "dropout": (0.0, 0.05, 0.2),
    },
    metrics=(
        Metric(
            name="cer",
            doc="character error rate: substitutions, insertions and deletions over the "
            "characters of the transcripts",
            better="lower",
            baselines=("constant",),
            gate=Gate(baseline="constant", min_gain=0.05, max_drop=0.02),
            percent=True,
        ),
        Metric(
            name="text_accuracy",
            doc="share of recordings whose text is wholly right",
            baselines=("constant",),
            percent=True,
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="wav",
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
                default=0.0,
                at_least=0,
                step=0.1,
                doc="how much which characters follow which in the transcripts counts; 0 leaves "
                "it out",
            ),
        ),
        outputs=(
            Field(name="text", dtype="string", doc="what was said"),
            Field(
                name="confidence",
                dtype="float32",
                kind="probability",
                of="text",
                doc="mean of its characters'",
            ),
            Field(name="duration_s", dtype="float32", unit="s", doc="of the recording"),
        ),
        example={"wav": [example_sound.recording(140.0)]},
        max_examples=16,
    ),
    slices=("text_length",),
    max_latency_ms=2000.0,
)
