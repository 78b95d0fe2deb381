"""id_number_ocr: what the check character says of a number is said in words."""

from __future__ import annotations

from pathlib import Path

from modules.common.asking.asking import Answer, Asking, Request, Said


def show(request: Request, answer: Answer, out: Path | None, said: Said) -> str:
    """Says an answer in one line.

    Args:
        request: Not used.
        answer: Outputs of the signature, `[1, ...]` each.
        out: Not used: the answer is a text.
        said: Not used.
    """
    number, repaired, birth_date, gender = (
        _text(answer[name][0]) for name in ("number", "repaired_number", "birth_date", "gender")
    )
    line = f"{number} (probability {float(answer['confidence'][0]):.2f})"
    if bool(answer["checksum_ok"][0]):
        line += ", check character agrees"
    elif repaired != number:
        line += f", check character disagrees; likeliest {repaired}"
    else:
        line += ", check character disagrees"
    return f"{line}; born {birth_date or 'on no date'}, {gender}"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


ASKING = Asking(show=show)
