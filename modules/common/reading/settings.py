"""Settings of what readers of several kinds of data share."""

from __future__ import annotations

from modules.common.declaring.settings import DATA, Settings, setting
from modules.common.reading.genders import AUTO as AUTO_GENDERS
from modules.common.reading.genders import GENDER_CODES
from modules.common.reading.numbers import AUTO as AUTO_NUMBERS
from modules.common.reading.numbers import DECIMAL_MARKS


class SplitFolderSettings(Settings):
    """For data whose folders may tell the split."""

    eval_folder: str = setting(
        "test",
        reads=DATA,
        doc="Folder that is evaluated on, where folders tell the split.",
    )


class NumberSettings(Settings):
    """For tables of numbers."""

    decimal_mark: str = setting(
        AUTO_NUMBERS,
        choices=tuple(DECIMAL_MARKS),
        reads=DATA,
        doc="What stands before the decimals, where the table does not tell.",
    )


class GenderSettings(Settings):
    """For tables of genders."""

    gender_codes: str = setting(
        AUTO_GENDERS,
        choices=tuple(GENDER_CODES),
        reads=DATA,
        doc="What digits for genders mean, where the table can be read in several ways.",
    )
