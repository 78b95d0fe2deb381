"""Layouts of conversations, as tasks declare them. No TensorFlow.

`docs/seq2seq_chatbot.md` says what becomes of what does not fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from modules.common.declaring.settings import Settings
from modules.common.declaring.sources import Joining, Source
from modules.common.dialogue.settings import DialogueSettings

_CONV = "[cC][oO][nN][vV]"


@dataclass(frozen=True, kw_only=True)
class DialogueSource(Source):
    """Files of conversations: a line `E` begins one, a line `M text` is what someone says.

    In any encoding that `text_encodings` tells; lines end in LF or CRLF; the characters
    of a file may be parted by `/`, which its lines vote on. Spaces inside a line belong to it; a
    run of white space is one. Blank lines mean nothing. Lines before the first E are a
    conversation, and one of more than 1,000 lines goes on as another.

    A line that cannot be used keeps its place, so that nothing is paired over it: bytes in another
    encoding than the file's, and a line of another kind, are bad; a longer line than is wanted, and
    an M that says nothing, are set aside. How many lines are in no pair is said once for a file.

    Raw features: `question`, `reply`, and `question_length`. A conversation is one split key, by
    its text, so that what two files both have is on one side. The settings that are read:
    `pairing`, `two_by_two` (lines 1 and 2, 3 and 4, and so on) or `successors` (every line and
    the next); `max_chars`, above which a line is set aside.

    Attributes:
        question: Raw feature that gets what is said.
        reply: Raw feature that gets what is said next.
        question_length: Raw feature that gets the band of the question's length in characters:
            `1-5`, `6-10`, `11-20` or `21+`.
    """

    settings: ClassVar[tuple[type[Settings], ...]] = (DialogueSettings,)
    component: ClassVar[str] = "components.example_gen.dialogue.example_gen.DialogueExampleGen"
    joining: ClassVar[Joining] = Joining(numbered=("*",))

    pattern: str = f"[!.]*.{_CONV}"
    layout: str = (
        "conversations in *.conv: a line E begins one, a line `M text` is what someone says "
        "(UTF-8 or GB 18030, with or without / between the characters)"
    )
    eval_percent: int = 10
    question: str = "question"
    reply: str = "reply"
    question_length: str = "question_length"

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs of the files, those of folders in the folder too."""
        return (self.pattern, f"[!.]*/{self.pattern}")


@dataclass(frozen=True, kw_only=True)
class DialogueTableSource(DialogueSource):
    """Tables of questions and answers, a pair in each row; read where there are no conversations.

    A question is one split key, so that none is both learnt and asked. An empty cell, and one that
    is longer than is wanted, set the row aside. `pairing` does not matter here.
    """

    pattern: str = "[!.]*.[tTcC][sS][vV]"
    layout: str = (
        "pairs in *.tsv or *.csv: a question and its answer in each line, or columns called "
        "question and answer under a header"
    )
