"""How a person asks a task: made of the fields that it serves, and of its own `ask.py` if any.

Most tasks have none: what is asked is read by the kind of the served inputs, what is answered is
said by the kind of the outputs. `modules/<task>/ask.py` binds `ASKING` where there is more to it: a
photo whose faces are found before anything is asked, or music that is also written as sound.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from modules.common.asking import answers, questions
from modules.common.declaring.fields import FILE_KINDS, Field
from modules.common.declaring.task import Task, Value
from modules.common.runtime.errors import SettingError, TaskError, did_you_mean

Request = dict[str, Any]
Answer = Mapping[str, np.ndarray]
Said = Mapping[str, Value]
"""What a person said besides the input itself, by the names of the options."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What asking a task is, beyond its declared fields. All of it may be left out.

    Attributes:
        signature: The signature that is asked.
        inputs: The inputs of that signature, where it is not `serving_default`.
        outputs: What is said of its answer, likewise.
        options: What a person may say besides: each is an option of `lianxi predict`. One that is
            called like an input takes its place.
        unsaid: Inputs that a person does not give, since there is a better way to say them.
        takes: What the task takes, in words, such as `paths of CSV files`.
        takes_files: Whether `read` makes the whole request of the path of a file, so that no
            input is said by name.
        may_be_left_out: Whether without any input the files of the last run are asked about.
        read: Reads an input and what was said into a request; for a task that takes no input the
            text is empty.
        show: Writes or words the answer, of the request, the answer, where to write and what was
            said.
        writes: The ending of the file that `show` writes.
        may_write: Whether `show` writes a file where a person names one.
        reads: Endings of the files that `read` takes, where no input of the signature says it.
        draw: Draws what is asked about with the answer in it, as a picture (PNG); `None` where
            there is no more to see than the answer itself.
        examples: Requests to try, each by the names of what a person gives, where the example of
            `serving_default` is none.
    """

    signature: str = "serving_default"
    inputs: tuple[Field, ...] = ()
    outputs: tuple[Field, ...] = ()
    options: tuple[Field, ...] = ()
    unsaid: tuple[str, ...] = ()
    takes: str = ""
    takes_files: bool = False
    may_be_left_out: bool = False
    read: Callable[[str, Said], Request] | None = None
    show: Callable[[Request, Answer, Path | None, Said], str] | None = None
    writes: str = ""
    may_write: bool = False
    reads: tuple[str, ...] = ()
    draw: Callable[[Request, Answer], bytes | None] | None = None
    examples: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Asker:
    """A task with how it is asked. `asker_of` gives it.

    Attributes:
        task: The declaration.
        asking: What asking it is, beyond its fields.
    """

    task: Task
    asking: Asking

    @property
    def inputs(self) -> tuple[Field, ...]:
        """The inputs that a person gives, the subject among them."""
        inputs = self.asking.inputs or self.task.serving.inputs
        instead = {field.name for field in self.asking.options} | set(self.asking.unsaid)
        return tuple(field for field in inputs if field.name not in instead)

    @property
    def subject(self) -> Field | None:
        """The one input that has no default: what the question is about, given without a name."""
        needed = [field for field in self.inputs if field.default is None]
        is_one = len(needed) == 1 and needed[0].kind in ("text", *FILE_KINDS)
        return needed[0] if is_one else None

    @property
    def needed(self) -> tuple[Field, ...]:
        """The inputs that must be given, the subject among them."""
        fields = () if self._reads_all and self.subject is None else self.inputs
        return tuple(field for field in fields if field.default is None)

    @property
    def outputs(self) -> tuple[Field, ...]:
        """What is said of an answer."""
        return self.asking.outputs or self.task.serving.outputs

    @property
    def options(self) -> dict[str, Field]:
        """What a person may say by name."""
        fields = () if self._reads_all else self.inputs
        named = (field for field in (*fields, *self.asking.options) if field is not self.subject)
        return {field.name: field for field in named}

    @property
    def needs_input(self) -> bool:
        """Whether there must be an input that is given without a name."""
        return self.subject is not None or self._reads_all

    @property
    def takes_files(self) -> bool:
        """Whether inputs are paths of files."""
        subject = self.subject
        return self.asking.takes_files or (subject is not None and subject.kind in FILE_KINDS)

    @property
    def takes(self) -> str:
        """Says what the task takes, such as `paths of pictures`."""
        return self.asking.takes or questions.word_subject(self.subject)

    @property
    def suffix(self) -> str:
        """The ending of the file that an answer is written to; empty where it is words."""
        return self.asking.writes or answers.file_ending(self.outputs)

    @property
    def may_write(self) -> bool:
        """Whether an answer can be written to a file."""
        return bool(self.suffix) or self.asking.may_write

    def parse(self, given: Mapping[str, str]) -> dict[str, Value]:
        """Reads what a person said by name.

        Args:
            given: Text by the names of the options.

        Raises:
            SettingError: For a name that there is not, or a value that cannot be.
        """
        for name in given:
            if name not in self.options:
                hint = did_you_mean(name, self.options) if self.options else "it takes none"
                raise SettingError(f"a request to {self.task.name} has no setting {name!r}; {hint}")
        return {name: self.options[name].parse(text) for name, text in given.items()}

    def check_needed(self, said: Said) -> None:
        """Raises `SettingError` where something that is needed was not said."""
        questions.check_needed(self.task.name, self.options.values(), said)

    def read(self, text: str, said: Said) -> tuple[str, Request]:
        """Reads a question.

        Args:
            text: What the question is about, or the path of it; empty where the task takes none.
            said: What was said besides, as `parse` gives it.

        Returns:
            The signature's name and its inputs, a batch of one.

        Raises:
            DataError: If a file is not there or cannot be used, or something needed is not said.
        """
        name = self.task.name
        if text and not self.needs_input:
            raise SettingError(f"{name} takes {self.takes}, found {text!r}")
        if self.asking.read is not None:
            return self.asking.signature, self.asking.read(text, said)
        self.check_needed(said)
        request = questions.read_fields(name, self.inputs, said)
        if self.subject is not None:
            request[self.subject.name] = [questions.read_value(name, self.subject, text)]
        return self.asking.signature, request

    def show(self, request: Request, answer: Answer, out: Path | None, said: Said) -> str:
        """Says an answer, and writes it where it is a file.

        Args:
            request: What `read` gave.
            answer: Outputs of the signature, a batch of one.
            out: Where to write; `None` where an answer is words.
            said: What `read` was given.
        """
        if self.asking.show is not None:
            return self.asking.show(request, answer, out, said)
        subject = self.subject
        asked = request[subject.name][0] if subject and subject.kind == "text" else ""
        return answers.say_answer(self.outputs, answer, out, asked)

    @property
    def examples(self) -> tuple[Mapping[str, Any], ...]:
        """Requests to try, each by the names of what a person gives."""
        if self.asking.examples or self.asking.inputs:
            return self.asking.examples
        example = self.task.serving.example
        rows = max((len(values) for values in example.values()), default=0)
        return tuple({name: values[row] for name, values in example.items()} for row in range(rows))

    def draw(self, request: Request, answer: Answer) -> bytes | None:
        """Draws what was asked about with the answer in it, where there is more to see so."""
        return self.asking.draw(request, answer) if self.asking.draw else None

    def reply(self, answer: Answer) -> str:
        """Says the first output alone, as one says it in a conversation."""
        return answers.say_best(self.outputs[0], answer)

    @property
    def _reads_all(self) -> bool:
        return self.asking.read is not None and self.asking.takes_files


def asker_of(task: Task) -> Asker:
    """Says how a task is asked.

    Raises:
        TaskError: If its `ask.py` does not bind `ASKING`.
    """
    name = f"modules.{task.name}.ask"
    if importlib.util.find_spec(name) is None:
        return Asker(task, Asking())
    asking = getattr(importlib.import_module(name), "ASKING", None)
    if not isinstance(asking, Asking):
        raise TaskError(f"modules/{task.name}/ask.py must bind ASKING to an Asking")
    return Asker(task, asking)
