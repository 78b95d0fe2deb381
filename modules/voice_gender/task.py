"""voice_gender: acoustic properties of a voice, or a recording of it, to female or male.

Data: `voice.csv` (K. Becker, 2016), 3,168 recordings reduced to twenty properties, or folders
`female/` and `male/` of recordings, from which the same twenty are computed. Rows that agree in
all twenty are one key, so that duplicates never lie on both sides of the split; neither does a
speaker of recordings.

Model: the original exercise's feed-forward network of 512 to 1,024 units. The original had no
non-linearity in its hidden layers but softmax, another softmax twice at the end, and tested on
rows that it had trained on. Here: z-scores from Transform, ReLU, dropout and one logit; and what is
served is the mean of it and of a support vector machine with a Gaussian kernel.

Gate: accuracy at least 90 %, 20 points above the majority, by the network alone too; not behind
that machine, the strongest simple model on `voice.csv`, by more than a standard error; and at most
2 points below the last blessed model.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from modules.common.declaring.settings import SAMPLE, setting
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import DropoutSettings, TrainingSettings
from modules.common.reading.genders import FEMALE, GENDERS, MALE
from modules.common.reading.numbers import NUMBERS
from modules.common.reading.settings import GenderSettings, NumberSettings
from modules.common.reading.table_sources import Column
from modules.common.sound.sources import AudioFolderSource
from modules.common.tables.sources import CsvSource
from modules.voice_gender.properties import PROPERTIES

_EXAMPLE = {
    "meanfreq": 0.1805, "sd": 0.0562, "median": 0.1860, "Q25": 0.1402, "Q75": 0.2258,
    "IQR": 0.0856, "skew": 2.41, "kurt": 9.87, "sp_ent": 0.8951, "sfm": 0.4083,
    "mode": 0.2011, "centroid": 0.1805, "meanfun": 0.1697, "minfun": 0.0423, "maxfun": 0.2712,
    "meandom": 0.7654, "mindom": 0.0078, "maxdom": 4.5234, "dfrange": 4.5156, "modindx": 0.1532,
}  # fmt: skip


def speaker(path: str) -> str:
    """Names the speaker of a recording, within its class.

    Args:
        path: Path relative to the data folder: `female/anna_03.wav`, `female/anna/03.wav`.

    Returns:
        `female/anna`: the folder below the class, or else what precedes the first `_` or `-`.
    """
    parts = PurePosixPath(path)
    if len(parts.parts) > 2:
        return "/".join(parts.parts[:2])
    return f"{parts.parent}/{re.split('[_-]', parts.stem)[0]}"


def _column(name: str) -> Column:
    headers = (name.replace("_", "."), name) if "_" in name else (name,)
    return Column(feature=name, headers=headers, convention=NUMBERS)


class Settings(TrainingSettings, DropoutSettings, NumberSettings, GenderSettings):
    """What may be set for voice_gender."""

    seed: int = setting(20170101)
    epochs: int = setting(200, smoke=20)
    batch_size: int = setting(64)
    learning_rate: float = setting(1e-3, search=(3e-4, 1e-3, 3e-3))
    patience: int = setting(20, smoke=5)
    hidden_units: int = setting(512, smoke=64, at_least=1, doc="Units of each hidden layer.")
    hidden_layers: int = setting(2, search=(1, 2, 3), at_least=0, doc="Hidden layers.")
    dropout: float = setting(0.4, search=(0.2, 0.4, 0.5))
    svm_cost: float = setting(4.0, above=0, doc="Cost of errors of the support vector machine.")
    sample_recordings: int = setting(
        400, smoke=160, at_least=1, reads=SAMPLE, doc="Recordings that are synthesized."
    )


TASK = Task(
    name="voice_gender",
    title="Acoustic properties of a voice, or a recording of it → female or male",
    sources=(
        CsvSource(
            layout="CSV files with the columns of voice.csv: meanfreq, sd, … modindx, label",
            columns=(
                *(_column(name) for name in PROPERTIES),
                Column(
                    feature="label",
                    headers=("label", "gender", "sex", "性别", "性別"),
                    convention=GENDERS,
                ),
            ),
            key=tuple(PROPERTIES),
        ),
        AudioFolderSource(
            pattern="*male/*",
            layout="folders female/ and male/ of recordings (wav, flac, ogg, mp3), named "
            "SPEAKER_anything or in a folder SPEAKER",
            classes={"female": FEMALE, "male": MALE},
            featurizer="modules.voice_gender.acoustic.featurize",
            label="label",
            key=speaker,
        ),
    ),
    features=(
        Feature(name="properties", dtype="float32", shape=(len(PROPERTIES),)),
        Feature(name="is_female", dtype="float32"),
    ),
    label="is_female",
    settings=Settings,
    metrics=(
        Metric(
            name="accuracy",
            doc="fraction of voices whose sex is predicted correctly",
            baselines=("majority", "svm"),
            gate=Gate(
                baseline="majority", min_gain=0.2, level_with="svm", floor=0.9, max_drop=0.02
            ),
            percent=True,
        ),
        Metric(
            name="network_accuracy",
            doc="the same of the network alone, without the machine, which would hide one that "
            "learned nothing",
            baselines=("majority",),
            gate=Gate(baseline="majority", min_gain=0.2, floor=0.9),
            percent=True,
        ),
        Metric(name="auc", doc="area under the ROC curve for female", kind="auc"),
        Metric(
            name="ece",
            doc="expected calibration error of the probability of female",
            better="lower",
            kind="ece",
        ),
    ),
    serving=Serving(
        inputs=tuple(
            Field(name=name, raw=name, dtype="float32", doc=doc) for name, doc in PROPERTIES.items()
        ),
        outputs=(
            Field(
                name="label",
                raw="label",
                dtype="string",
                kind="label",
                choices=(FEMALE, MALE),
                doc="the likelier",
            ),
            Field(
                name="probability",
                dtype="float32",
                kind="probability",
                of="label",
                at_least=0.5,
                at_most=1,
                doc="of that label",
            ),
        ),
        example={name: [value] for name, value in _EXAMPLE.items()},
        classify=True,
    ),
    slices=("label",),
    classes=("label",),
)
