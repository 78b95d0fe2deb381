"""Makes the section on held-out examples."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

from gallery.drawing.lines import draw_calibration
from gallery.report.held_out import judging, showing
from gallery.report.held_out.asking import Answered, Asked, ask_model
from gallery.report.held_out.questions import make_questions, needs_example
from gallery.report.held_out.raw_examples import draw_examples
from gallery.report.held_out.showing import Part
from gallery.report.media import Media
from gallery.report.pieces import Piece, Table
from modules.common.declaring.fields import FILE_KINDS
from modules.common.declaring.settings import Settings
from modules.common.declaring.task import Task

_DRAWN = 600
_DRAWN_FILES = 200
_SEED = 1
_SHOWN_WORDS, _SHOWN_FILES, _SHOWN_LONG = 20, 16, 5
_OWN_PX = 1400
_DRAWN_KINDS = ("picture", "pictures", "piano_roll")
_LONG_KINDS = ("sound", "picture", "pictures", "piano_roll", "forecast")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One example.

    Attributes:
        given: What the model was given.
        answer: What it answered.
        truth: What it should have answered.
        is_right: Whether it did; `None` where that is no question.
    """

    given: Sequence[Part]
    answer: Sequence[Part]
    truth: Sequence[Part]
    is_right: bool | None

    @property
    def parts(self) -> Sequence[Part]:
        """All of it, what is seen or heard before the words, so that it stands side by side."""
        every = [*self.given, *self.answer, *self.truth]
        return sorted(every, key=lambda part: part.piece.kind in ("text", "shares", "listed"))

    @property
    def verdict(self) -> str:
        """The judgement in a word, or nothing."""
        return {True: "right", False: "wrong", None: ""}[self.is_right]


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """The section.

    Attributes:
        said: How the examples were drawn and what came of them, in sentences.
        cases: Those that are shown.
        are_words: Whether all of them are words and numbers, which a table shows best.
        are_wide: Whether each needs much room.
        confusions: What was taken for what.
        calibrations: A drawing with its table, each.
        problems: What the model said instead of answers.
        own: What the task's trainer drew of held-out examples, or nothing.
    """

    said: Sequence[str]
    cases: Sequence[Case]
    are_words: bool
    are_wide: bool
    confusions: Sequence[judging.Confusion] = ()
    calibrations: Sequence[tuple[Markup, Table]] = field(default_factory=tuple)
    problems: Sequence[str] = ()
    own: Piece | None = None


def make_section(
    task: Task,
    settings: Settings,
    examples_dir: str,
    saved_model_dir: str,
    media: Media,
    is_cheap: bool,
    own_path: str = "",
) -> HeldOut:
    """Draws held-out examples, asks the exported model about them, and shows some.

    Args:
        task: The declaration.
        settings: The run's.
        examples_dir: What ExampleGen wrote.
        saved_model_dir: The exported model.
        media: Takes pictures and sounds.
        is_cheap: Whether to ask with the options of the task's own example.
        own_path: The picture that the task's trainer drew, or nothing.
    """
    made_of_files = any(each.kind in FILE_KINDS for each in task.serving.inputs if each.raw)
    count = _DRAWN_FILES if made_of_files else _DRAWN
    questions = make_questions(task, settings, draw_examples(examples_dir, count, _SEED))
    asked = ask_model(task, saved_model_dir, questions, is_cheap)
    chosen = _choose(task, asked.answered)
    cases = [
        Case(
            given=showing.show_given(task, each, media),
            answer=showing.show_answer(task, each, media),
            truth=showing.show_truth(task, each, media),
            is_right=judging.is_right(task, each),
        )
        for each in chosen
    ]
    return HeldOut(
        said=_say(task, asked, len(chosen)),
        cases=cases,
        are_words=not made_of_files and not _is_long(task),
        are_wide=_is_long(task),
        confusions=judging.count_confusions(task, asked.answered),
        calibrations=[
            _show_calibration(each) for each in judging.measure_calibration(task, asked.answered)
        ],
        problems=tuple(dict.fromkeys(asked.problems))[:3],
        own=_show_own(task, own_path, media),
    )


def _show_own(task: Task, path: str, media: Media) -> Piece | None:
    """Shows what the trainer drew; of tasks that answer in words it is the learning curve."""
    is_drawn = any(each.kind in _DRAWN_KINDS for each in task.serving.outputs)
    if not is_drawn or not path or not os.path.isfile(path):
        return None
    alt = f"held-out examples, as the trainer of {task.name} drew them"
    return media.picture(Path(path).read_bytes(), alt, _OWN_PX)


def _is_long(task: Task) -> bool:
    return any(each.kind in _LONG_KINDS for each in task.serving.outputs)


def _choose(task: Task, answered: Sequence[Answered]) -> list[Answered]:
    """Chooses what is shown: wrong answers, the surest first, and as many right ones."""
    made_of_files = any(each.kind in FILE_KINDS for each in task.serving.inputs if each.raw)
    made_of_sound = any(each.kind == "sound" for each in task.serving.inputs)
    room = _SHOWN_FILES if made_of_files else _SHOWN_WORDS
    room = 8 if made_of_sound else room
    if _is_long(task):
        room = _SHOWN_LONG if needs_example(task) else len(answered)
    judged = [(each, judging.is_right(task, each)) for each in answered]
    wrong = sorted(
        (each for each, is_right in judged if is_right is False),
        key=lambda each: -judging.sureness(task, each),
    )
    others = [each for each, is_right in judged if is_right is not False]
    shown_wrong = wrong[: max(room // 2, room - len(others))]
    return [*shown_wrong, *others[: room - len(shown_wrong)]]


def _say(task: Task, asked: Asked, shown: int) -> list[str]:
    count = len(asked.answered)
    judged = [judging.is_right(task, each) for each in asked.answered]
    known = [each for each in judged if each is not None]
    said = []
    if needs_example(task):
        said.append(
            f"{count} example{'s'[: count != 1]} of the evaluation split, drawn at random (seed "
            f"{_SEED}), were given to the exported model through the server, in "
            f"{asked.seconds:.1f} s."
        )
    else:
        said.append(
            f"The exported model was asked through the server {count} times, with seeds and "
            f"with beginnings of held-out examples, in {asked.seconds:.1f} s."
        )
    if known:
        said.append(f"{sum(known)} of {len(known)} answers are right.")
        if len(known) > shown:
            said.append(
                "Of those shown, the wrong ones come first, the surest of them before the others."
            )
    if asked.is_cut:
        said.append("More were drawn, but the time for this section was up.")
    if asked.is_cheap and task.serving.example and _has_options(task):
        said.append(
            "To be quick, the model was asked with the options of the task's own example, not "
            "with the defaults."
        )
    return said


def _has_options(task: Task) -> bool:
    return any(
        not each.raw and each.kind != "seed" and each.name in task.serving.example
        for each in task.serving.inputs
    )


def _show_calibration(found: judging.Calibration) -> tuple[Markup, Table]:
    svg = draw_calibration(f"Calibration of the {found.name}", found.said, found.came)
    rows = [
        (f"{said:.1%}", f"{came:.1%}", f"{count:,}")
        for said, came, count in zip(found.said, found.came, found.counts, strict=True)
    ]
    table = Table(
        caption=f"How sure the model is of the {found.name}, and how often it is right",
        head=("probability", "right", "answers"),
        rows=tuple(rows),
        numeric=frozenset({0, 1, 2}),
    )
    return Markup(svg), table
