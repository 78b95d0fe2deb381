"""seq2seq_chatbot: sample conversations, in both spellings of the real layout."""

from __future__ import annotations

from pathlib import Path

from modules.common.runtime.errors import DataError
from modules.seq2seq_chatbot.sample.talks import Talk, talks
from modules.seq2seq_chatbot.task import Settings


def write_sample(folder: Path, settings: Settings) -> None:
    """Writes `everyday.conv`, and `slashes.conv`, whose characters are parted by `/`.

    Lines end in CRLF. Half of the conversations are in either file, and none in both.

    Args:
        folder: Made if absent.
        settings: `seed`, the same of which gives the same files; `sample_conversations`, how many.

    Raises:
        DataError: If there are fewer than two, or not so many different ones.
    """
    count = settings.sample_conversations
    if count < 2:
        raise DataError(f"expected sample_conversations of 2 or more, found {count}")
    found = talks(count, settings.seed)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "everyday.conv", found[::2], "")
    _write(folder / "slashes.conv", found[1::2], "/")


def _write(path: Path, conversations: list[Talk], mark: str) -> None:
    lines = [
        line
        for conversation in conversations
        for line in ("E", *(f"M {mark.join(said)}" for said in conversation))
    ]
    path.write_bytes("".join(f"{line}\r\n" for line in lines).encode())
