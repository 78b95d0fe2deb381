"""The tab of a task that converses: a line is said, a line answers."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import gradio as gr

from gallery.page import html
from gallery.page.asking import Desk, Failure, Progress
from gallery.page.forms import Question, make_form, word_example
from gallery.page.replies import list_facts
from modules.common.asking.asking import Asker
from pipelines.commands.conversation import say_by_turn

_READY = "Say something, or click an example."


class Talk:
    """A tab in which a person and a model talk."""

    def __init__(self, asker: Asker, desk: Desk) -> None:
        """Makes the parts, inside Gradio's current block, and what they do.

        Args:
            asker: Of the task.
            desk: Where questions are taken in.
        """
        self._desk = desk
        self._asker = asker
        self._name = asker.task.name
        with gr.Row(elem_classes="sides"):
            with gr.Column(elem_classes="asked"):
                self._form = make_form(asker)
                with gr.Row():
                    self._ask = gr.Button("Send", variant="primary", elem_classes="ask")
                    self._stop = gr.Button("Stop", variant="stop", interactive=False)
                    new = gr.Button("New conversation", size="sm")
                examples = list(asker.examples)
                with gr.Row(elem_classes="examples"):
                    buttons = [
                        gr.Button(word_example(each, number), size="sm", elem_classes="example")
                        for number, each in enumerate(examples, 1)
                    ]
            with gr.Column(elem_classes="answered"):
                self._status = gr.HTML(html.note(_READY))
                self._talk = gr.Chatbot(
                    label="Conversation", height=380, render_markdown=False, buttons=["copy"],
                    feedback_options=None,
                )  # fmt: skip
                self._others = gr.HTML(label="All replies to the last line")
        [self._said] = [each.part for each in self._form.needed]
        for button, example in zip(buttons, examples, strict=True):
            values = self._form.show(example)
            button.click(
                _give(values), None, self._form.parts, queue=False,
                show_progress="hidden", api_visibility="private",
            )  # fmt: skip
        self._wire(new)

    def _wire(self, new: gr.Button) -> None:
        outputs = [
            self._status, self._ask, self._stop, self._said, self._talk, self._others,
        ]  # fmt: skip
        gr.on(
            [self._ask.click, self._said.submit],
            self._run,
            inputs=[self._talk, *self._form.parts],
            outputs=outputs,
            preprocess=False,
            show_progress="hidden",
            concurrency_limit=None,
            api_name=self._name,
        )
        self._stop.click(self._stop_call, None, None, queue=False, api_visibility="private")
        new.click(
            lambda: (html.note(_READY), [], ""), None, [self._status, self._talk, self._others],
            queue=False, show_progress="hidden", api_visibility="private",
        )  # fmt: skip

    def _stop_call(self, request: gr.Request) -> None:
        self._desk.calls.stop(str(request.session_hash), self._name)

    async def _run(
        self, request: gr.Request, talk: list[dict[str, Any]] | None, *values: Any
    ) -> AsyncIterator[list[Any]]:
        """Says a line, and gives what every part shows meanwhile and at the end."""
        lines = [{"role": each["role"], "content": each["content"]} for each in talk or []]
        turn = sum(each["role"] == "user" for each in lines)

        def read() -> Question:
            question = self._form.read(values)
            turns = say_by_turn(self._asker.options, question.said)
            return replace(question, said=next(itertools.islice(turns, turn, None)))

        line = str(values[0] or "").strip()
        asked = [*lines, {"role": "user", "content": line}]
        yield [html.status("asking …"), *_busy(True), gr.skip(), gr.skip(), gr.skip()]
        session = str(request.session_hash)
        async for told in self._desk.ask(read, session, self._name):
            if isinstance(told, Progress):
                status = html.status(told.words, told.share)
                yield [status, *_busy(True), gr.skip(), asked, gr.skip()]
            elif isinstance(told, Failure):
                said = html.note("Stopped.") if told.is_wanted else html.alert(told.words)
                yield [said, *_busy(False), gr.skip(), lines, gr.skip()]
            else:
                reply = self._asker.reply(told.answer)
                shown = [*asked, {"role": "assistant", "content": reply or "(nothing)"}]
                others = "".join(value for _, value in list_facts(told, 0))
                yield [html.note("Answered."), *_busy(False), "", shown, others]


def _give(values: list[Any]) -> Callable[[], list[Any]]:
    return lambda: values


def _busy(is_busy: bool) -> list[Any]:
    return [gr.update(interactive=not is_busy), gr.update(interactive=is_busy)]
