"""What the folders of a picture data set are: splits, classes, or neither, told by all of them.

One path does not tell: `cats/2019` is a class and a year, or a group and a class; `train` is a
split beside `test`, and a class beside `car`. What can be read two ways is refused. No TensorFlow.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from modules.common.declaring.sources import SkipFile
from modules.common.reading import split_folders
from modules.common.reading.split_folders import PREDICT, TEST, TRAIN, VALIDATION, Kind
from modules.common.runtime.errors import DataError

CLASS_FOLDERS = ("auto", "outer", "inner")
"""What the setting may be: which of several folders around a picture is its class."""

# Below this share of pictures in the class's own folder, it is rather a group of classes.
_MIN_DIRECT_SHARE = 0.2
_DATE = re.compile(r"(19|20)\d\d(\D?\d\d?){0,2}")

Folder = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FolderLayout:
    """What the folders of one data set are.

    Attributes:
        splits: The split that a folder stands for, by its path.
        eval_folder: The folder to evaluate on, as the setting names it.
        wrapper: Folders around all classes, which mean nothing.
        reading: `outer` or `inner`: which of several folders is the class; empty where they are no
            classes.
        needs_class: Whether a picture without a class is of no use.
        by_digest: Whether the folders leave the split to the digest, since all are to train on.
    """

    splits: Mapping[Folder, Kind]
    eval_folder: str
    wrapper: Folder = ()
    reading: str = ""
    needs_class: bool = False
    by_digest: bool = False

    def split(self, relative: str) -> str | None:
        """Gives the split of a picture.

        Args:
            relative: Its path, relative to the data folder.

        Returns:
            `train` or `eval`; `None` where the folders do not tell.

        Raises:
            SkipFile: If it is not to be used, with the reason.
        """
        folder = _folder(relative)
        told = _told(folder, self.splits)
        if not told:
            return None
        name, kind = told
        if self._is_eval(name, kind):
            if self.needs_class and not _unsplit(folder, self.splits):
                raise SkipFile(f"{name}/ holds no folders of classes: its pictures have no label")
            return "eval"
        if kind == PREDICT and self.needs_class:
            raise SkipFile(f"{name}/ is not used: it holds what is to be predicted")
        if kind == PREDICT:
            return None
        if kind == TEST:
            raise SkipFile(f"{name}/ is not used: the evaluation is on {self.eval_folder}/")
        return None if self.by_digest else "train"

    def strip_split_folders(self, relative: str) -> str:
        """Gives a picture's path with what its folders mean, and no others.

        Its class, if there is one, is the innermost folder, below `classes`, so that a class that
        is named like a split is taken for none.

        Args:
            relative: Its path, relative to the data folder.
        """
        name = relative.rpartition("/")[2]
        inside = _unsplit(_folder(relative), self.splits)
        if not self.reading:
            return "/".join((*inside, name))
        if inside[: len(self.wrapper)] == self.wrapper and len(inside) > len(self.wrapper):
            inside = inside[len(self.wrapper) :]
        chosen = inside[:1] if self.reading == "outer" else inside[-1:]
        return "/".join(("classes", *chosen, name)) if chosen else name

    def other_splits(self) -> list[str]:
        """Names the folders that might be evaluated on in place of `eval_folder`."""
        kinds = (VALIDATION, TEST)
        return sorted({folder[-1] for folder, kind in self.splits.items() if kind in kinds})

    def _is_eval(self, name: str, kind: Kind) -> bool:
        wanted = self.eval_folder
        return split_folders.same_name(name, wanted) or kind == split_folders.find_kind_said_by(
            wanted
        )


def find_layout(
    pictures: Iterable[str], *, eval_folder: str, class_folders: str = "", needs_class: bool = False
) -> FolderLayout:
    """Finds out what the folders of a data set are.

    Args:
        pictures: Paths of all pictures, relative to the data folder.
        eval_folder: The folder to evaluate on.
        class_folders: One of `CLASS_FOLDERS` where folders are classes, or nothing.
        needs_class: Whether a picture without a class is of no use.

    Raises:
        DataError: If the folders can be read two ways, with both.
    """
    counts = Counter(map(_folder, pictures))
    splits = _find_splits(counts, eval_folder, bool(class_folders))
    layout = FolderLayout(
        splits=splits, eval_folder=eval_folder, needs_class=needs_class, reading=class_folders
    )
    used = {folder: count for folder, count in counts.items() if _is_used(layout, folder)}
    kinds = {told[1] if (told := _told(folder, splits)) else None for folder in used}
    held_out = {TEST, VALIDATION, PREDICT} & {
        told[1]
        for folder in counts
        if (told := _told(folder, splits))
        and not (needs_class and told[1] != TRAIN and not _unsplit(folder, splits))
    }
    by_digest = kinds - {PREDICT} == {TRAIN} and not held_out - {PREDICT}
    wrapper, reading = _find_classes(used, splits, class_folders) if class_folders else ((), "")
    return FolderLayout(
        splits=splits,
        eval_folder=eval_folder,
        wrapper=wrapper,
        reading=reading,
        needs_class=needs_class,
        by_digest=by_digest,
    )


def _is_used(layout: FolderLayout, folder: Folder) -> bool:
    try:
        layout.split("/".join((*folder, "_")))
    except SkipFile:
        return False
    return True


def _folder(relative: str) -> Folder:
    return tuple(relative.split("/")[:-1])


def _prefixes(folder: Folder) -> Iterator[Folder]:
    return (folder[: depth + 1] for depth in range(len(folder)))


def _unsplit(folder: Folder, splits: Mapping[Folder, Kind]) -> Folder:
    return tuple(prefix[-1] for prefix in _prefixes(folder) if prefix not in splits)


def _told(folder: Folder, splits: Mapping[Folder, Kind]) -> tuple[str, Kind] | None:
    """The folder that tells the split, and the split; what is held out stays so, however deep."""
    told = [(prefix[-1], splits[prefix]) for prefix in _prefixes(folder) if prefix in splits]
    held_out = [each for each in told if each[1] in (TEST, PREDICT)]
    return next(iter(held_out or told[::-1]), None)


def _find_splits(
    folders: Iterable[Folder], eval_folder: str, are_classes: bool
) -> dict[Folder, Kind]:
    inside: dict[Folder, set[str]] = {}
    for folder in folders:
        for prefix in _prefixes(folder):
            inside.setdefault(prefix[:-1], set()).add(prefix[-1])
    found: dict[Folder, Kind] = {}
    # The deepest first: what holds a folder to train on is no split itself.
    for parent in sorted(inside, key=len, reverse=True):
        kinds = split_folders.kinds_of(inside[parent])
        for name in inside[parent]:
            if name not in kinds and split_folders.same_name(name, eval_folder):
                kinds[name] = "test"
        for name, kind in _real_splits(parent, kinds, inside, are_classes).items():
            folder = (*parent, name)
            holds_training = any(
                below[: len(folder)] == folder and each == TRAIN for below, each in found.items()
            )
            if kind == TRAIN or not holds_training:
                found[folder] = kind
    # Archives often hold a folder of their own name: `seg_train/seg_train`.
    for parent in sorted(inside, key=len):
        if parent in found:
            same = (name for name in inside[parent] if split_folders.same_name(name, parent[-1]))
            found.update({(*parent, name): found[parent] for name in same})
    return found


def _real_splits(
    parent: Folder, kinds: Mapping[str, Kind], inside: Mapping[Folder, set[str]], are_classes: bool
) -> dict[str, Kind]:
    """Leaves out what is named like a split but is a class among others, `train` beside `car`."""
    is_among_others = len(kinds) < len(inside[parent])
    has_train_and_other = TRAIN in kinds.values() and len(set(kinds.values())) > 1
    if not are_classes or not is_among_others or has_train_and_other:
        return dict(kinds)
    return {
        name: kind
        for name, kind in kinds.items()
        if kind in (TEST, PREDICT) or (*parent, name) in inside
    }


def _find_classes(
    counts: Mapping[Folder, int], splits: Mapping[Folder, Kind], wanted: str
) -> tuple[Folder, str]:
    """Finds the folders around all classes, and which of several folders is the class."""
    inside: Counter[Folder] = Counter()
    for folder, count in counts.items():
        inside[_unsplit(folder, splits)] += count
    wrapper: Folder = ()
    while _is_wrapped(inside):
        [outer] = {folder[0] for folder in inside if folder}
        names = sorted({folder[1] for folder in inside if folder})
        if wanted == "auto" and all(_DATE.fullmatch(name) for name in names):
            raise _two_readings((outer, names[0]), outer, names[0])
        if wanted == "outer" and all(len(folder) == 2 for folder in inside if folder):
            break
        wrapper = (*wrapper, outer)
        inside = Counter({folder[1:]: count for folder, count in inside.items() if folder})
    nested: Counter[str] = Counter()
    for folder, count in inside.items():
        if len(folder) > 1:
            nested[folder[0]] += count
    if wanted != "auto":
        return wrapper, wanted
    for outer, below in sorted(nested.items()):
        direct = inside[(outer,)]
        if direct < _MIN_DIRECT_SHARE * (direct + below):
            example = min(each for each in inside if len(each) > 1 and each[0] == outer)
            raise _two_readings((*wrapper, *example), outer, example[-1])
    return wrapper, "outer"


def _is_wrapped(inside: Mapping[Folder, int]) -> bool:
    folders = [folder for folder in inside if folder]
    return (
        bool(folders)
        and len({folder[0] for folder in folders}) == 1
        and all(len(folder) > 1 for folder in folders)
    )


def _two_readings(example: Folder, outer: str, inner: str) -> DataError:
    return DataError(
        f"the pictures in {'/'.join(example)}/ can be read two ways: as of class {outer!r}, the "
        f"outer folder, or of class {inner!r}, the inner one; --set class_folders=outer or "
        f"--set class_folders=inner says which"
    )
