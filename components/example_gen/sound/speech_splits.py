"""Which utterances are trained on and which evaluated on: by folders, or else by speakers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from components.example_gen.records import SPLITS, splits_by_rank
from modules.common.declaring.sources import SkipFile
from modules.common.reading.split_folders import split_folder
from modules.common.runtime.errors import DataError
from modules.common.sound.settings import SpeechSettings
from modules.common.sound.transcripts import speaker_of

TRAIN, EVAL = SPLITS
# Folders around those that tell the split, and folders whose names are no speakers'.
_AROUND = {"wav", "wavs", "data", "audio", "clips"}
_SPLIT_FOLDERS = {"train", "training", "dev", "cv", "val", "valid", "validation", "test", "testing"}


@dataclass(kw_only=True)
class Told:
    """What folders tell of recordings.

    Attributes:
        splits: `train`, `eval` or `None` by recording, those that are not used left out.
        unused: Why a recording is not used.
    """

    splits: dict[str, str | None] = field(default_factory=dict)
    unused: dict[str, str] = field(default_factory=dict)


def tell_by_folders(
    recordings: Sequence[str], links: Sequence[str], settings: SpeechSettings
) -> Told:
    """Reads splits off the folders that recordings lie in, or are named in.

    Args:
        recordings: Paths relative to the data folder.
        links: Paths below other folders, such as `test/A11_0.wav`, that tell the split of the
            recordings of their names; empty where the recordings' own folders do.
        settings: `eval_folder` names the folder to evaluate on; `test` where it is not given.
    """
    folders = {PurePosixPath(link).name: PurePosixPath(link).parts[0] for link in links}
    told = Told()
    for recording in recordings:
        parts = PurePosixPath(recording).parts
        if links:
            parts = (folders.get(parts[-1], ""), parts[-1])
        elif parts[0].lower() in _AROUND:
            parts = parts[1:]
        try:
            told.splits[recording] = _split(parts, settings)
        except SkipFile as error:
            told.unused[recording] = str(error)
    return told


def tell_by_lists(told: Told, files: Mapping[str, str], settings: SpeechSettings) -> None:
    """Reads splits off the lists that name recordings, where no folder tells them.

    `test.csv`, or a list in a folder `test`, is for that split; but only where there is one to
    train on too.

    Args:
        told: What the folders tell; it is told more.
        files: The list by recording.
        settings: As for `tell_by_folders`.
    """
    if any(told.splits[recording] for recording in files if recording in told.splits):
        return
    by_list: dict[str, str | None] = {}
    for file in set(files.values()):
        path = PurePosixPath(file)
        words = (split_word(part, settings) for part in (path.stem, *path.parts[-2::-1]))
        try:
            by_list[file] = _split((next(filter(None, words), ""), "-"), settings)
        except SkipFile as error:
            by_list[file] = str(error)
    if not set(SPLITS) <= set(by_list.values()):
        return
    for recording, file in files.items():
        split = by_list[file]
        if split is None or split in SPLITS:
            told.splits[recording] = split
        else:
            told.unused[recording] = split


def split_word(name: str, settings: SpeechSettings) -> str:
    """Gives the last word for a split in a name: `test` of `aishell_test`; else empty.

    Args:
        name: Of a list without its ending, or of a folder.
        settings: As for `tell_by_folders`.
    """
    for word in (name, *reversed(re.split(r"[\W_]+", name))):
        try:
            if _split((word, "-"), settings):
                return word
        except SkipFile:
            return word
    return ""


def name_speakers(
    recordings: Sequence[str], listed: Mapping[str, str], settings: SpeechSettings
) -> dict[str, str]:
    """Says who speaks in each recording.

    That is what the list says; or else the folder, where each recording is in one of several; or
    else what the file's name says.

    Args:
        recordings: Paths relative to the data folder.
        listed: Speakers that a list names, by recording.
        settings: `eval_folder` is no speaker's, nor are `conditions`.

    Returns:
        The speaker by recording.
    """
    general = {"", *_AROUND, *_SPLIT_FOLDERS, settings.eval_folder.lower()}
    general.update(condition_words(settings))
    folders = {recording: PurePosixPath(recording).parent.name for recording in recordings}
    names = set(folders.values())
    in_folders = len(names) > 1 and general.isdisjoint(name.lower() for name in names)
    return {
        recording: listed.get(recording)
        or (folders[recording] if in_folders else speaker_of(recording))
        for recording in recordings
    }


def condition_words(settings: SpeechSettings) -> list[str]:
    """Gives the words of paths that tell how a recording was made, in lower case.

    Args:
        settings: `conditions` has them, parted by commas.
    """
    return [word.strip().lower() for word in settings.conditions.split(",") if word.strip()]


def choose_splits(
    speakers: Mapping[str, str], told: Told, eval_percent: int, settings: SpeechSettings
) -> dict[str, tuple[str, ...] | str]:
    """Chooses where each recording goes. No speaker is on both sides.

    Args:
        speakers: By recording, of those that can be used.
        told: What the folders tell.
        eval_percent: Share of the speakers that are held out where no folder is evaluated on.
        settings: `eval_on` is `held_out` or `train`.

    Returns:
        The splits of each recording, or, as text, the reason why it is set aside.

    Raises:
        DataError: If nothing would be left to train on, or to evaluate on.
    """
    has_eval_folder = EVAL in told.splits.values()
    if settings.eval_on == "train":
        chosen: dict[str, tuple[str, ...] | str] = {
            recording: "not used: eval_on=train evaluates on what is trained on"
            if told.splits[recording] == EVAL
            else SPLITS
            for recording in speakers
        }
    elif has_eval_folder:
        chosen = _by_folder(speakers, told)
    else:
        by_speaker = splits_by_rank(speakers.values(), eval_percent)
        chosen = {recording: (by_speaker[speaker],) for recording, speaker in speakers.items()}
    if speakers:
        _check(chosen, speakers, has_eval_folder, settings)
    return chosen


def _split(parts: tuple[str, ...], settings: SpeechSettings) -> str | None:
    """As pictures' folders; `cv`, as THCHS-30 calls it, is one more to train on."""
    split = split_folder("/".join(parts), settings)
    return TRAIN if split is None and parts[0].lower() == "cv" and len(parts) > 1 else split


def _by_folder(speakers: Mapping[str, str], told: Told) -> dict[str, tuple[str, ...] | str]:
    """As the folders say, but for what is spoken by those who are evaluated on.

    Where all names begin alike they do not tell speakers, and the folders alone decide.
    """
    held_out = {speakers[recording] for recording in speakers if told.splits[recording] == EVAL}
    if len(set(speakers.values())) == 1:
        held_out = set()
    chosen: dict[str, tuple[str, ...] | str] = {}
    for recording, speaker in speakers.items():
        if told.splits[recording] == EVAL:
            chosen[recording] = (EVAL,)
        elif speaker in held_out:
            chosen[recording] = f"its speaker, {speaker}, is one of those evaluated on"
        else:
            chosen[recording] = (TRAIN,)
    return chosen


def _check(
    chosen: Mapping[str, tuple[str, ...] | str],
    speakers: Mapping[str, str],
    has_eval_folder: bool,
    settings: SpeechSettings,
) -> None:
    found = {split for splits in chosen.values() if not isinstance(splits, str) for split in splits}
    if found == set(SPLITS):
        return
    advice = "--set eval_on=train evaluates on what is trained on"
    names = sorted(set(speakers.values()))
    if not has_eval_folder and len(names) == 1:
        raise DataError(
            f"all recordings with a transcript ({len(speakers):,}) are of one speaker, {names[0]}, "
            f"or their names begin alike and tell none; expected at least two speakers, of whom "
            f"one is held out: a column speaker in the list, a folder for each, or names that "
            f"begin with the speaker and _; or {advice}"
        )
    purpose = "evaluate on" if TRAIN in found else "train on"
    raise DataError(
        f"nothing is left to {purpose}: the folder {settings.eval_folder}/ has "
        f"{'no' if TRAIN in found else 'all'} speakers whose recordings have transcripts; "
        f"--set eval_folder= names another, or {advice}"
    )
