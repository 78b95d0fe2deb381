"""The tab of a task: what a person gives on the left, what the model answers on the right."""

from __future__ import annotations

import contextlib
import functools
import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr
from PIL import Image

from gallery.page import html
from gallery.page.asking import Desk, Failure, Progress, stages_of
from gallery.page.files import publish
from gallery.page.forms import Form, Question, make_form, word_example
from gallery.page.outputs import View, make_views
from gallery.page.replies import Reply
from modules.common.asking.asking import Asker
from modules.common.declaring.fields import Field

_STAGE_PX = 360
_READY = "Give what is asked for, or click an example, and ask."


class Tab:
    """A tab that asks a question and shows its answer."""

    def __init__(self, asker: Asker, desk: Desk) -> None:
        """Makes the parts, inside Gradio's current block, and what they do.

        Args:
            asker: Of the task.
            desk: Where questions are taken in.
        """
        self._desk = desk
        self._name = asker.task.name
        with gr.Row(elem_classes="sides"):
            with gr.Column(elem_classes="asked"):
                self._form = make_form(asker)
                self._shows_stages = _make_stages_switch(self._form.staged)
                with gr.Row():
                    self._ask = gr.Button("Ask", variant="primary", elem_classes="ask")
                    self._stop = gr.Button("Stop", variant="stop", interactive=False)
                buttons = _make_example_buttons(self._form)
            with gr.Column(elem_classes="answered"):
                self._status = gr.HTML(html.note(_READY))
                with gr.Column(visible=False) as self._answer:
                    self._stages = None
                    if self._form.staged is not None:
                        self._stages = gr.HTML(visible=False)
                    self._views: list[View] = make_views(asker)
        self._wire(buttons)

    def _wire(self, buttons: list[tuple[gr.Button, list[Any]]]) -> None:
        parts = [part for view in self._views for part in view.parts]
        stages = [] if self._stages is None else [self._stages]
        frame = [self._status, self._ask, self._stop, self._answer]
        switches = [] if self._shows_stages is None else [self._shows_stages]
        self._n_shown = len(stages) + len(parts)
        gr.on(
            [self._ask.click, *(part.submit for part in _text_parts(self._form))],
            self._run,
            inputs=[*switches, *self._form.parts],
            outputs=[*frame, *stages, *parts],
            preprocess=False,
            show_progress="hidden",
            concurrency_limit=None,
            api_name=self._name,
        )
        self._stop.click(self._stop_call, None, None, queue=False, api_visibility="private")
        for button, values in buttons:
            button.click(
                _give(values),
                None,
                self._form.parts,
                queue=False,
                show_progress="hidden",
                api_visibility="private",
            )

    def _stop_call(self, request: gr.Request) -> None:
        self._desk.calls.stop(str(request.session_hash), self._name)

    async def _run(self, request: gr.Request, *values: Any) -> AsyncIterator[list[Any]]:
        """Asks as the form says, and gives what every part shows meanwhile and at the end."""
        session = str(request.session_hash)
        switches, given = (values[:1], values[1:]) if self._shows_stages else ((), values)
        yield self._say(html.status("asking …"), is_busy=True)

        def read() -> Question:
            return self._form.read(given)

        questions: list[Callable[[], Question]] = [read]
        if self._form.staged is not None and any(switches):
            # What cannot be read is read again at the desk, which says what is wrong.
            with contextlib.suppress(Exception):
                stages = stages_of(read(), self._form.staged)
                questions = [functools.partial(_same, stage) for stage in stages]
        shown: list[tuple[str, str]] = []
        for number, question in enumerate(questions, 1):
            before = f"{number} of {len(questions)}: " if len(questions) > 1 else ""
            async for told in self._desk.ask(question, session, self._name, before):
                if isinstance(told, Progress):
                    yield self._say(html.status(told.words, told.share), is_busy=True)
                elif isinstance(told, Failure):
                    yield self._fail(told, bool(shown))
                    return
                else:
                    is_last = number == len(questions)
                    yield self._show(told, shown, number, is_last)

    def _say(self, status: str, is_busy: bool, is_shown: bool | None = None) -> list[Any]:
        answer = gr.skip() if is_shown is None else gr.update(visible=is_shown)
        busy = [gr.update(interactive=not is_busy), gr.update(interactive=is_busy)]
        return [status, *busy, answer, *([gr.skip()] * self._n_shown)]

    def _fail(self, failure: Failure, is_shown: bool) -> list[Any]:
        said = html.note("Stopped.") if failure.is_wanted else html.alert(failure.words)
        return self._say(said, is_busy=False, is_shown=is_shown)

    def _show(
        self, reply: Reply, shown: list[tuple[str, str]], number: int, is_last: bool
    ) -> list[Any]:
        try:
            values = [value for view in self._views for value in view.fill(reply)]
        except Exception:
            return self._fail(Failure("this answer cannot be shown; the log says why"), False)
        status = html.note("Answered.") if is_last else html.status(f"{number} done", None)
        frame = self._say(status, is_busy=not is_last, is_shown=True)[:4]
        staged = self._form.staged
        if staged is None:
            return [*frame, *values]
        png = next(
            (reply.answer[field.name][0] for field in reply.asker.outputs
             if field.kind == "picture"), None,
        )  # fmt: skip
        if png is not None:
            shown.append(
                (f"{staged.called} {number}", publish(_shrink(png), f"{self._name}_{number}.png"))
            )
        pictures = html.figures(f"By {staged.called}", shown)
        many = gr.update(value=pictures, visible=len(shown) > 1)
        return [*frame, many, *values]


def _shrink(png: bytes) -> bytes:
    """Makes a small picture of one stage: the whole answer is shown beside it."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.thumbnail((_STAGE_PX, _STAGE_PX))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _same(question: Question) -> Question:
    return question


def _give(values: list[Any]) -> Callable[[], Any]:
    """Gives what an event puts into as many parts: one value is given alone."""
    return lambda: values if len(values) > 1 else values[0]


def _text_parts(form: Form) -> list[Any]:
    return [
        control.part
        for control in form.needed
        if isinstance(control.part, gr.Textbox) and control.part.lines == 1
    ]


def _make_stages_switch(staged: Field | None) -> gr.Checkbox | None:
    if staged is None:
        return None
    return gr.Checkbox(
        value=True,
        label="Show each stage as it comes",
        info=f"Asks with {staged.called} 1, 2, … up to as many as are wanted, which takes longer.",
    )


def _make_example_buttons(form: Form) -> list[tuple[gr.Button, list[Any]]]:
    """Makes a button for each example, with what it puts into the form."""
    made: list[tuple[gr.Button, list[Any]]] = []
    if not form.controls:
        return made
    with gr.Row(elem_classes="examples"):
        for number, example in enumerate(form.asker.examples, 1):
            words = word_example(example, number)
            button = gr.Button(words, size="sm", variant="secondary", elem_classes="example")
            made.append((button, form.show(example)))
    return made
