"""Pairs the lines of conversations: what is said, and what is said next."""

from __future__ import annotations

from collections.abc import Iterator

from components.example_gen.dialogue.dialogue_files import Conversation, conversations, survey
from components.example_gen.dialogue.dialogue_lines import Tally
from components.example_gen.dialogue.dialogue_tables import is_table, layout_of, table_rows
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import SET_ASIDE, Record, Reject, Used, split_of
from modules.common.dialogue.sources import DialogueSource
from modules.common.reading.length_bands import length_band

TWO_BY_TWO, SUCCESSORS = "two_by_two", "successors"
_STEPS = {TWO_BY_TWO: 2, SUCCESSORS: 1}


def read_and_count(path: str, config: ReadConfig) -> Iterator[Record | Reject | Used]:
    """As `read_dialogue`, and at the end how many lines are well."""
    tally = Tally()
    yield from read_dialogue(path, config, tally)
    yield Used(tally.well)


def read_dialogue(
    path: str, config: ReadConfig, tally: Tally | None = None
) -> Iterator[Record | Reject]:
    """Reads one file, a conversation or a pair at a time.

    A line that cannot be used keeps its place in the conversation, so that nothing is paired over
    it, and lines 3 and 4 stay a pair whatever becomes of 1 and 2. The last line of a conversation
    has no reply, which is no fault; how many lines are in no pair at all is said once for a file.

    Args:
        path: A file of lines E and M, or a table of questions and answers.
        config: Its source must be a `DialogueSource`, its settings have `pairing` and
            `max_chars`.
        tally: Counts the lines that are well.

    Yields:
        A record for each pair, a reject for each line that cannot be used or for a file that has
        no lines, and one for all lines that are in no pair.
    """
    name = config.relative(path)
    read = _read_table if is_table(path) else _read_conversations
    try:
        yield from read(path, name, config, tally or Tally())
    except OSError as error:
        yield Reject(name, "", f"the file cannot be read: {error.strerror or error}")


def _read_table(
    path: str, name: str, config: ReadConfig, tally: Tally
) -> Iterator[Record | Reject]:
    """Reads a table. A question with all its answers is on one side of the split."""
    source: DialogueSource = config.source
    layout = layout_of(path)
    if layout.fault:
        yield Reject(name, "", layout.fault)
        return
    for found in table_rows(path, layout, config, tally):
        if isinstance(found, Reject):
            yield found
            continue
        question, answer = found
        yield _record(split_of(question, source.eval_percent), question, answer, source)


def _read_conversations(
    path: str, name: str, config: ReadConfig, tally: Tally
) -> Iterator[Record | Reject]:
    source: DialogueSource = config.source
    pairing = config.settings.pairing
    surveyed = survey(path)
    if not surveyed.has_lines:
        yield Reject(name, "", surveyed.fault)
        return
    lines = paired = 0
    for found in conversations(path, surveyed.is_slashed, config, tally):
        if isinstance(found, Reject):
            yield found
            continue
        pairs = _pairs(found, _STEPS[pairing])
        lines += sum(line is not None for line in found)
        paired += len({place for first in pairs for place in (first, first + 1)})
        yield from _records(found, pairs, source)
    if paired < lines:
        alone = lines - paired
        yield Reject(name, "", _alone(alone, lines, pairing), SET_ASIDE)


def _pairs(conversation: Conversation, step: int) -> list[int]:
    """Places of the lines that are questions; the reply is in the next."""
    return [
        place
        for place in range(0, len(conversation) - 1, step)
        if conversation[place] is not None and conversation[place + 1] is not None
    ]


def _records(
    conversation: Conversation, pairs: list[int], source: DialogueSource
) -> Iterator[Record]:
    split = split_of("\n".join(line or "" for line in conversation), source.eval_percent)
    for place in pairs:
        question, reply = str(conversation[place]), str(conversation[place + 1])
        yield _record(split, question, reply, source)


def _record(split: str, question: str, reply: str, source: DialogueSource) -> Record:
    return Record(
        split,
        {
            source.question: question,
            source.reply: reply,
            source.question_length: length_band(question),
        },
    )


def _alone(alone: int, said: int, pairing: str) -> str:
    if pairing == SUCCESSORS:
        return f"{alone:,} of {said:,} lines are in no pair: no line stands next to them"
    return (
        f"{alone:,} of {said:,} lines are in no pair: their conversation has no line to make two "
        f"of them; --set pairing={SUCCESSORS} pairs every line with the next"
    )
