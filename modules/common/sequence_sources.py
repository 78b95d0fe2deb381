"""Layouts of sequences, as tasks declare them: dialogue, and music as MIDI files.

`docs/seq2seq_chatbot.md` and `docs/music_rbm.md` say what becomes of what does not fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from modules.common.file_endings import MIDI, globs
from modules.common.sources import Source

_CONV = "[cC][oO][nN][vV]"
_MIDI_DEPTHS = range(4)


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
    its text, so that what two files both have is on one side. The hyperparameters that are read:
    `pairing`, `two_by_two` (lines 1 and 2, 3 and 4, and so on) or `successors` (every line and
    the next); `max_chars`, above which a line is set aside.

    Attributes:
        question: Raw feature that gets what is said.
        reply: Raw feature that gets what is said next.
        question_length: Raw feature that gets the band of the question's length in characters:
            `1-5`, `6-10`, `11-20` or `21+`.
    """

    component: ClassVar[str] = "components.example_gen.dialogue.DialogueExampleGen"

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


@dataclass(frozen=True, kw_only=True)
class MidiSource(Source):
    """A folder of tunes as MIDI files, or folders of them.

    Raw features: `note_state`, `tune` and `first_step`. A tune is brought to pitches 24 to 101,
    four steps a beat, and cut into windows; a tune is one split key. The hyperparameters that are
    read: `window_steps`, the length of a window; `hop_steps`, from one window of the training split
    to the next (those of the evaluation split do not overlap, but for a tune's last, which ends
    where the tune ends); `min_tune_steps`, below which a tune is set aside.

    Attributes:
        note_state: Raw feature that gets a window: `numpy.packbits` of bool
            `[window_steps, 156]`, sounding pitches first, then struck ones.
        tune: Raw feature that gets the file's path.
        first_step: Raw feature that gets the step of the tune that the window begins with.
    """

    component: ClassVar[str] = "components.example_gen.midi.MidiExampleGen"

    pattern: str = ""
    layout: str = "a folder of MIDI files (mid, midi, kar) in 2/4 or 4/4, or folders of them"
    note_state: str = "note_state"
    tune: str = "tune"
    first_step: str = "first_step"

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs of the tunes, hidden files and folders aside."""
        return tuple(glob for depth in _MIDI_DEPTHS for glob in globs(MIDI, "[!.]*/" * depth))
