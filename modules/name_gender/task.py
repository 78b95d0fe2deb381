"""name_gender: a Chinese name to the usual gender of the people who bear it.

Data: CSV of name and gender. Names repeat, and some are borne by both; a name is one key in the
split, so no name is on both sides.

Model: the mean of two. Characters with their positions, parallel convolutions of width 3, 4 and 5,
max over time (Kim, "Convolutional Neural Networks for Sentence Classification", 2014); and how
often the parts of the name, the given name whole among them, were borne by women and by men, as a
logistic regression and gradient-boosted trees read it.

Gate: accuracy above that regression, and above those trees, each by itself.

The exercise that this comes from fails on a character that it did not see in training; here such
characters share an id that is trained. It lets padding win the max over time, and does not know
that the first character is a surname, which says little.
"""

from __future__ import annotations

import re

from modules.common.declaring.settings import DATA, SAMPLE, setting
from modules.common.declaring.sources import RawFeatures
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import DropoutSettings, TrainingSettings
from modules.common.reading.genders import GENDERS, is_gender
from modules.common.reading.numbers import NO_VALUE
from modules.common.reading.settings import GenderSettings
from modules.common.reading.table_sources import Column
from modules.common.tables.sources import CsvSource
from modules.common.text.normal_text import normalize

MAX_CHARS = 8

_NOTHING = "expected a name, found nothing"
_CHINESE_NAME = re.compile("[〇\u3400-\u9fff\U00020000-\U000323af·]{2,}")
_NO_NAMES = frozenset(
    ("未知", "不详", "无名", "无名氏", "佚名", "匿名", "姓名", "unknown", "anonymous")
)


def parse_name(text: str) -> str:
    """Reads a name in the one spelling that is its key, to which a request is brought too."""
    name = normalize(text)
    if not name or name.lower() in NO_VALUE | _NO_NAMES:
        raise ValueError(f"expected a name, found {text!r}" if name else _NOTHING)
    if not any(map(str.isalpha, name)):
        raise ValueError(f"expected a name, found {text!r}, which has no letter")
    return name


def is_name(text: str) -> bool:
    """Tells whether a cell is surely a name in Chinese characters, and no gender."""
    return bool(_CHINESE_NAME.fullmatch(normalize(text))) and not is_gender(text)


def _derive(features: RawFeatures) -> RawFeatures:
    return {"name_chars": len(str(features["name"]))}


class Settings(TrainingSettings, DropoutSettings, GenderSettings):
    """What may be set for name_gender."""

    seed: int = setting(20170101)
    epochs: int = setting(20, smoke=6)
    batch_size: int = setting(256)
    learning_rate: float = setting(5e-4, smoke=3e-3, search=(3e-4, 5e-4, 1e-3, 3e-3))
    patience: int = setting(2)
    embedding_units: int = setting(128, smoke=32, at_least=1, doc="Length of a character's vector.")
    filters: int = setting(
        128, smoke=32, at_least=1, doc="Filters of each width, 3, 4 and 5 characters."
    )
    embedding_dropout: float = setting(
        0.3,
        search=(0.2, 0.3, 0.5),
        at_least=0,
        below=1,
        doc="Fraction of the vectors' dimensions that training leaves out.",
    )
    dropout: float = setting(0.5, search=(0.3, 0.5, 0.6))
    min_character_count: int = setting(
        2,
        at_least=0,
        reads=DATA,
        doc="Names that a character must be in to have a vector of its own; rarer ones share one.",
    )
    sample_rows: int = setting(
        20_000, smoke=4_000, at_least=1, reads=SAMPLE, doc="Names that are made up."
    )


TASK = Task(
    name="name_gender",
    title="A Chinese name → the usual gender",
    sources=(
        CsvSource(
            layout="a folder of CSV files with the header 姓名,性别 (or name,gender), "
            "one name and 男 or 女 (or male, female, M, F) in each row",
            columns=(
                Column(
                    feature="name",
                    headers=("姓名", "name", "名字"),
                    parse=parse_name,
                    recognizes=is_name,
                ),
                Column(
                    feature="gender",
                    headers=("性别", "gender", "sex", "性別"),
                    convention=GENDERS,
                    recognizes=is_gender,
                ),
            ),
            key=("name",),
            derive=_derive,
        ),
    ),
    features=(
        Feature(name="characters", dtype="int64", shape=(MAX_CHARS,)),
        Feature(name="is_male", dtype="float32"),
    ),
    label="is_male",
    settings=Settings,
    metrics=(
        Metric(
            name="accuracy",
            doc="fraction of names whose gender is predicted correctly",
            baselines=("log_odds", "boosted_trees"),
            gate=Gate(baseline=("log_odds", "boosted_trees"), max_drop=0.01),
            percent=True,
        ),
        Metric(name="auc", doc="area under the ROC curve for male", kind="auc"),
        Metric(
            name="ece",
            doc="expected calibration error of the probability of male",
            better="lower",
            kind="ece",
            percent=True,
        ),
    ),
    serving=Serving(
        inputs=(
            Field(name="name", raw="name", dtype="string", doc="a name in Chinese characters"),
        ),
        outputs=(
            Field(
                name="label",
                raw="gender",
                dtype="string",
                kind="label",
                choices=("female", "male"),
                doc="the likelier gender",
            ),
            Field(
                name="probability",
                dtype="float32",
                kind="probability",
                of="label",
                at_least=0.5,
                at_most=1,
                doc="of the label",
            ),
            Field(
                name="known",
                dtype="float32",
                kind="share",
                at_least=0,
                at_most=1,
                doc="share of the name's characters that the training data held at least twice",
            ),
        ),
        example={"name": ["王婷婷", "田野"]},
        classify=True,
        max_examples=16_384,
    ),
    slices=("name_chars",),
    classes=("gender",),
)
