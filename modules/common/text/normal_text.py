"""One spelling of a short text that is a key, such as a name.

`modules.common.text.in_graph.normalize` does the same in the graph, character by character.
"""

from __future__ import annotations

import re
import unicodedata

# Format characters, such as a zero-width blank, and selectors of how a character is drawn.
INVISIBLE = (
    "\xad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef"
)
MIDDLE_DOT = "·"
# Between the parts of names that are not Chinese by origin.
_MIDDLE_DOTS = "•‧∙⋅・･ᐧ᛫⸱●"

_SURROGATES = range(0xD800, 0xE000)
# Behind it only invisible characters are changed, of a plane that names do not have.
_LAST_CHANGED = 0x30000

_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_OTHER_DOTS = re.compile(f"[{_MIDDLE_DOTS}]")


def normalize(text: str) -> str:
    """Gives a text in NFKC, without invisible characters and white space, middle dots all alike.

    Args:
        text: As it was typed.
    """
    if text.isascii():
        return "".join(text.split())
    text = _OTHER_DOTS.sub(MIDDLE_DOT, _INVISIBLE.sub("", text))
    text = unicodedata.normalize("NFKC", text)
    return "".join(_INVISIBLE.sub("", text).split())


def character_replacements(max_chars: int) -> dict[int, tuple[int, ...]]:
    """Lists the characters that `normalize` changes, alone, and what becomes of them.

    Args:
        max_chars: Those that become more characters are left out.

    Returns:
        Code points by code point; nothing for a character that is removed.
    """
    changed = {}
    for code in (*range(1, _SURROGATES.start), *range(_SURROGATES.stop, _LAST_CHANGED)):
        plain = normalize(chr(code))
        if plain != chr(code) and len(plain) <= max_chars:
            changed[code] = tuple(map(ord, plain))
    return changed
