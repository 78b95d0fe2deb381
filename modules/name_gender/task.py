"""name_gender: a Chinese name to the usual gender of the people who bear it.

Data: CSV of name and gender. Names repeat, and some are borne by both; a name is one key in the
split, so no name is on both sides.

Model: characters with their positions, parallel convolutions of width 3, 4 and 5, max over time
(Kim, "Convolutional Neural Networks for Sentence Classification", 2014).

Gate: accuracy above a logistic regression on character unigrams and bigrams, fitted on the same
split in the same run.

The exercise that this comes from fails on a character that it did not see in training; here such
characters share an id that is trained. It lets padding win the max over time, and does not know
that the first character is a surname, which says little.
"""

from __future__ import annotations

import re

from modules.common.declaring.sources import RawFeatures
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.reading.genders import AUTO, GENDER_CODES, GENDERS, is_gender
from modules.common.reading.numbers import NO_VALUE
from modules.common.reading.table_sources import Column
from modules.common.tables.sources import CsvSource
from modules.common.text.normal_text import normalized

MAX_CHARS = 8

_NOTHING = "expected a name, found nothing"
_CHINESE_NAME = re.compile("[〇\u3400-\u9fff\U00020000-\U000323af·]{2,}")
_NO_NAMES = frozenset(
    ("未知", "不详", "无名", "无名氏", "佚名", "匿名", "姓名", "unknown", "anonymous")
)


def parse_name(text: str) -> str:
    """Reads a name in the one spelling that is its key, to which a request is brought too."""
    name = normalized(text)
    if not name or name.lower() in NO_VALUE | _NO_NAMES:
        raise ValueError(f"expected a name, found {text!r}" if name else _NOTHING)
    if not any(map(str.isalpha, name)):
        raise ValueError(f"expected a name, found {text!r}, which has no letter")
    return name


def is_name(text: str) -> bool:
    """Tells whether a cell is surely a name in Chinese characters, and no gender."""
    return bool(_CHINESE_NAME.fullmatch(normalized(text))) and not is_gender(text)


def _derive(features: RawFeatures) -> RawFeatures:
    return {"name_chars": len(str(features["name"]))}


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
    hparams={
        "seed": 20170101,
        "epochs": 20,
        "batch_size": 256,
        "learning_rate": 5e-4,
        "patience": 2,
        "embedding_units": 128,
        "filters": 128,
        "embedding_dropout": 0.3,
        "dropout": 0.5,
        "min_character_count": 2,
        # Of the tables, where digits for genders can be read in several ways.
        "gender_codes": AUTO,
        "sample_rows": 20_000,
    },
    choices={"gender_codes": tuple(GENDER_CODES)},
    data_hparams=("min_character_count", "gender_codes"),
    smoke={
        "epochs": 6,
        "learning_rate": 3e-3,
        "embedding_units": 32,
        "filters": 32,
        "sample_rows": 4_000,
    },
    search={
        "learning_rate": (3e-4, 5e-4, 1e-3, 3e-3),
        "embedding_dropout": (0.2, 0.3, 0.5),
        "dropout": (0.3, 0.5, 0.6),
    },
    metrics=(
        Metric(
            name="accuracy",
            doc="Share of names whose gender is told right.",
            baselines=("bigram_logistic",),
            gate=Gate(baseline="bigram_logistic", max_drop=0.01),
            percent=True,
        ),
        Metric(name="auc", doc="Area under the ROC curve.", kind="auc"),
        Metric(
            name="ece",
            doc="Expected calibration error of the probability.",
            better="lower",
            kind="ece",
            percent=True,
        ),
    ),
    serving=Serving(
        inputs=(Field(name="name", dtype="string", doc="a name in Chinese characters"),),
        outputs=(
            Field(
                name="label",
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
                doc="share of the name's characters that training saw",
            ),
        ),
        example={"name": ["王婷婷", "田野"]},
        classify=True,
        max_examples=16_384,
    ),
    slices=("name_chars",),
    classes=("gender",),
)
