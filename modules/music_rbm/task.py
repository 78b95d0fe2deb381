"""music_rbm: MIDI files to new music.

Data: a folder of tunes in 2/4 or 4/4. Each becomes a matrix of four steps a beat and 156 units a
step: which of 78 pitches sound, and which are struck. Without data, tunes with chords and a melody
are composed.

Model: a recurrent network whose pitches share their weights and which says each note given all
before it (an RNN-NADE: Boulanger-Lewandowski, Bengio & Vincent 2012; tied as in Johnson 2017). With
`model=rbm` a restricted Boltzmann machine over windows of 128 steps, trained by contrastive
divergence (Hinton 2002), if asked for with persistent chains (Tieleman 2008); with `model=rnn_rbm`
one of a single step whose biases a recurrent network sets from the steps before. The original
exercise trained on the last song of its folder only, began at window 1, not 0, and called itself an
RNN without being one.

Gate: the negative log-likelihood of held-out tunes, of the machines the pseudo-likelihood, is below
that of the strongest simple model, which knows what each pitch did in the step before and the place
in the bar, told as much of other units as the model is; and the cross-entropy of what the hidden
units give back is below that of independent notes.
"""

from __future__ import annotations

from modules.common.declaring.settings import DATA, SAMPLE, setting
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import TrainingSettings, WeightDecaySettings
from modules.common.midi.settings import MidiSettings
from modules.common.midi.sources import MidiSource

NOTES = 156
MAX_STEPS = 4096
MAX_GIBBS_STEPS = 1000


class Settings(TrainingSettings, WeightDecaySettings, MidiSettings):
    """What may be set for music_rbm."""

    seed: int = setting(20120626, reads=DATA | SAMPLE)
    epochs: int = setting(5, smoke=4)
    min_steps: int = setting(600, smoke=0)
    batch_size: int = setting(32)
    eval_batch_size: int = setting(32)
    learning_rate: float = setting(1e-2, smoke=2e-2, search=(5e-3, 1e-2, 2e-2))
    schedule: str = setting("cosine")
    patience: int = setting(10)
    model: str = setting(
        "rnn_nade",
        choices=("rnn_nade", "rnn_rbm", "rbm"),
        doc="Recurrent network that says note by note, recurrent machine that learns steps, or "
        "machine that learns windows.",
    )
    hidden_units: int = setting(
        0,
        search=(32, 64),
        at_least=0,
        doc="Hidden units of the machine, or of a pitch; 0 for 64, of rnn_nade 32.",
    )
    rnn_units: int = setting(
        0,
        at_least=0,
        doc="Units of the recurrent network; 0 for 100, of rnn_nade, where each pitch has so many, "
        "24.",
    )
    cd_steps: int = setting(
        1, at_least=1, doc="Sweeps of Gibbs sampling between two training steps."
    )
    persistent: bool = setting(False, doc="Whether chains of the RBM go on from batch to batch.")
    persistent_chains: int = setting(64, at_least=1, doc="How many of them.")
    weight_decay: float = setting(1e-4)
    transpose_semitones: int = setting(
        5, at_least=0, doc="Most by which training windows are moved up or down, in semitones."
    )
    window_steps: int = setting(128, smoke=32)
    hop_steps: int = setting(16)
    min_tune_steps: int = setting(64)
    sample_tunes: int = setting(
        60, smoke=24, at_least=1, reads=DATA | SAMPLE, doc="Tunes that are composed."
    )


def features(settings: Settings) -> tuple[Feature, ...]:
    """Gives the features of the windows that are asked for."""
    shape = (settings.window_steps, NOTES)
    return (
        Feature(name="note_state", dtype="uint8", shape=shape),
        Feature(name="first_step", dtype="int64"),
    )


TASK = Task(
    name="music_rbm",
    title="MIDI files → new music",
    sources=(MidiSource(),),
    features=features,
    label="note_state",
    target_is_input=True,
    settings=Settings,
    metrics=(
        Metric(
            name="nats_per_unit",
            doc="nats that a unit of held-out music costs given the units before it, a likelihood; "
            "of rnn_rbm given the steps before and all others of its step, of rbm given all others",
            better="lower",
            baselines=("notes", "held", "metre"),
            gate=Gate(baseline=("held", "metre"), min_gain=0.002, max_drop=0.005),
        ),
        Metric(
            name="reconstruction",
            doc="nats that a unit of held-out music costs given the hidden units' means; of "
            "rnn_nade, whose hidden units are made of what comes before, the likelihood again",
            better="lower",
            baselines=("notes",),
            gate=Gate(baseline="notes", min_gain=0.002, max_drop=0.005),
        ),
        Metric(
            name="free_energy_gap",
            doc="mean free energy of held-out music less that of the training split, nats a unit",
            better="lower",
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="steps",
                dtype="int64",
                at_least=1,
                at_most=MAX_STEPS,
                unit="steps",
                doc="how long the music is, the primer included, in steps, four to a beat",
                default=128,
            ),
            Field(
                name="gibbs_steps",
                dtype="int64",
                at_least=1,
                at_most=MAX_GIBBS_STEPS,
                doc="sweeps of Gibbs sampling for each stretch; says nothing to rnn_nade",
                default=50,
            ),
            Field(
                name="temperature",
                dtype="float32",
                above=0,
                step=0.1,
                doc="1 draws as the model says, less draws what is likelier more often",
                default=1.0,
            ),
            Field(
                name="seed",
                dtype="int64",
                kind="seed",
                doc="the same seed gives the same music, whatever else is asked for",
                default=0,
            ),
            Field(
                name="primer",
                raw="note_state",
                dtype="uint8",
                shape=(None, NOTES),
                kind="piano_roll",
                choices=(0, 1),
                doc="steps to go on from: sounding pitches 24 to 101, then struck ones; "
                "none for music from nothing",
                default=[],
            ),
        ),
        outputs=(
            Field(
                name="note_state",
                dtype="uint8",
                shape=(None, NOTES),
                kind="piano_roll",
                choices=(0, 1),
                doc="sounding pitches 24 to 101, then struck ones, step by step; zeros "
                "beyond `steps`, where another order is longer",
            ),
        ),
        example={"steps": [32], "seed": [7]},
        max_examples=16,
        # Many steps of many sweeps each take minutes.
        timeout_s=600.0,
    ),
    max_latency_ms=5_000.0,
)
