"""Labels that are read off file names: whether they can be what the files show.

`code_AB12.png` and `0001_AB12.png` begin with a word and with a number, not with a text. Texts that
all agree, or that count up, are refused unless a person says that they are right. No TensorFlow.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from modules.common.runtime.errors import DataError

NAME_CHECKS = ("checked", "trusted")
"""What the setting `names` may be."""

_MIN_AGREEING = 3
_MIN_COUNTING = 8
# Fewer count up only where none is left out.
_MIN_COUNTING_CLOSELY = 4
# Of numbers that count up some may have been deleted; numbers at random lie much farther apart.
_MAX_GAPS = 1.5
_MIN_SHARE = 0.5
# So many times as often as texts is what follows them different, where those are but words.
_MIN_WORD_PICTURES = 8
_MAX_WORDS_SHARE = 0.25
_MIN_REST_SHARE = 0.9
_EXAMPLES_SHOWN = 3
_NUMBERED = re.compile(r"(\D*)(\d+)(\D*)")
_REST = re.compile(r"[^_]+_+([^_]+)")


def check_names(texts: Mapping[str, str]) -> None:
    """Refuses texts that cannot be what the pictures show.

    Args:
        texts: What each name was taken to say, by path.

    Raises:
        DataError: With the reason, examples, and what to do.
    """
    reason = _agree(texts) or _are_words(texts)
    if not reason:
        folders: dict[str, dict[str, str]] = defaultdict(dict)
        for path, text in texts.items():
            folders[str(PurePosixPath(path).parent)][path] = text
        counting = {path: text for group in folders.values() for path, text in _counting(group)}
        if len(counting) >= _MIN_SHARE * max(len(texts), 1):
            reason, texts = "count up, as numbers of pictures do", counting
    if reason:
        raise DataError(
            f"the texts that the pictures are named after {reason}, so that they cannot be what "
            f"the pictures show: {_examples(texts)}; name each picture after its text, TEXT.png or "
            f"TEXT_anything.png, or put a labels.csv of names and texts beside them; --set "
            f"names=trusted takes the names as they are"
        )


def _examples(texts: Mapping[str, str]) -> str:
    shown = sorted(texts.items())[:_EXAMPLES_SHOWN]
    return ", ".join(f"{PurePosixPath(path).name} says {text!r}" for path, text in shown)


def _agree(texts: Mapping[str, str]) -> str:
    counts = Counter(texts.values())
    if not counts:
        return ""
    [(commonest, count)] = counts.most_common(1)
    # One of few digits often comes by chance.
    if count < (_MIN_AGREEING if len(commonest) > 1 else _MIN_WORD_PICTURES):
        return ""
    if count == len(texts):
        return f"all agree, {commonest!r}"
    if count >= _MIN_WORD_PICTURES and len(commonest) > 1 and count > _MIN_SHARE * len(texts):
        return f"mostly agree, {commonest!r} for {count:,} of {len(texts):,}"
    return ""


def _are_words(texts: Mapping[str, str]) -> str:
    """Few texts, each before many others of one length that never come twice: `img_AB12`."""
    found = [_REST.match(PurePosixPath(path).stem) for path in texts]
    rests = Counter(match[1] for match in found if match)
    if len(texts) < _MIN_WORD_PICTURES or rests.total() < len(texts):
        return ""
    lengths = {len(rest) for rest in rests}
    are_texts = lengths <= set(range(3, 8)) and not all(rest.isdigit() for rest in rests)
    words = set(texts.values())
    if (
        are_texts
        and len(words) <= _MAX_WORDS_SHARE * len(texts)
        and len(rests) >= _MIN_REST_SHARE * len(texts)
    ):
        return f"are but {len(words)}, while what follows them is different each time"
    return ""


def _counting(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Those in one folder whose texts count up; nothing where they do not."""
    numbered: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for path, text in texts.items():
        match = _NUMBERED.fullmatch(text)
        if match:
            numbered[match[1], match[3]][path] = int(match[2])
    found: list[tuple[str, str]] = []
    for group in numbered.values():
        if _count_up(list(group.values())):
            found += [(path, texts[path]) for path in group]
    return found


def _count_up(numbers: Sequence[int]) -> bool:
    times = Counter(numbers)
    lowest, highest = min(times), max(times)
    span = highest - lowest + 1
    is_tight = span == len(times) and len(times) >= _MIN_COUNTING_CLOSELY and highest > 9
    is_dense = len(times) >= _MIN_COUNTING and span <= _MAX_GAPS * len(times)
    # Several pictures of each number, but for the last; what a generator draws is never so even.
    is_even = len(set(times.values())) == 1 or len(times) == 1 + len(numbers) // max(times.values())
    # All numbers of some digits, as often as each other, are a set of samples.
    is_complete = len(numbers) > len(times) and span == 10 ** len(str(highest))
    return (is_tight or is_dense) and is_even and not is_complete
