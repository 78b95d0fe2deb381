"""A task's settings: how they are resolved, and that training and sources get what they read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from modules.common.declaring.registry import all_tasks, load_task
from modules.common.declaring.settings import DATA, SAMPLE, Settings, as_dict, setting
from modules.common.declaring.sources import Source
from modules.common.declaring.task import Task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.dialogue.settings import DialogueSettings
from modules.common.dialogue.sources import DialogueSource
from modules.common.drawn.sources import GeneratedSource
from modules.common.midi.settings import MidiSettings
from modules.common.midi.sources import MidiSource
from modules.common.pictures.settings import FoldSettings
from modules.common.pictures.sources import AdienceSource, ImageFolderSource
from modules.common.reading.settings import SplitFolderSettings
from modules.common.runtime.errors import SettingError, TaskError
from modules.common.series.settings import SeriesSettings
from modules.common.sound.settings import SoundSettings, SpeechSettings
from modules.common.sound.sources import ClipSource, WordFileSource

Declare = Callable[..., Task]


class Untrained(Settings):
    """Of a task that trains nothing."""


def test_strings_are_read_as_the_types_of_the_settings(declare: Declare) -> None:
    settings = declare().resolve(
        {"epochs": "3", "learning_rate": "1e-2", "augment": "False", "head": "7"}
    )
    values = (settings.epochs, settings.learning_rate, settings.augment, settings.head)
    assert values == (3, 0.01, False, "7") and settings.seed == 1
    assert [type(value) for value in values] == [int, float, bool, str]


def test_smoke_lies_over_the_defaults_and_settings_over_both(declare: Declare) -> None:
    task = declare()
    assert task.resolve({}).epochs == 20
    assert task.resolve({}, smoke=True).epochs == 2
    assert task.resolve({"epochs": "5"}, smoke=True).epochs == 5
    assert task.resolve({}, smoke=True).learning_rate == 1e-3


@pytest.mark.parametrize(("usual", "tiny"), [(9, 3), (3, 9)], ids=["defaults", "smoke"])
def test_defaults_that_do_not_go_together_make_no_task(
    declare: Declare, usual: int, tiny: int
) -> None:
    class Apart(TrainingSettings):
        least: int = setting(1, doc="At least so many.")
        most: int = setting(5, doc="At most so many.")

        def check_together(self) -> None:
            if self.least > self.most:
                raise SettingError(f"least takes no more than {self.most}, found {self.least}")

    class Chosen(Apart):
        least: int = setting(usual, smoke=tiny)

    with pytest.raises(TaskError, match="do not go together: least takes no more than 5, found 9"):
        declare(settings=Chosen)


def test_a_tuner_chooses_of_what_is_declared(declare: Declare) -> None:
    task = declare()
    assert task.search == {"epochs": (10, 20)}
    assert [each.name for each in task.declared][-2:] == ["augment", "head"]


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("epochs", "many", "a whole number, 1 or more"),
        ("epochs", True, "a whole number, 1 or more"),
        ("learning_rate", "fast", "a number, more than 0"),
        ("augment", "maybe", "true or false"),
    ],
)
def test_a_value_that_is_not_expected_is_refused(
    declare: Declare, name: str, value: Any, wanted: str
) -> None:
    for read in (declare().resolve, declare().restore):
        with pytest.raises(TaskError) as caught:
            read({name: value})
        assert str(caught.value) == f"tiny_task: {name} takes {wanted}, found {value!r}"
        assert caught.value.exit_code == 2


def test_a_misspelt_setting_is_answered_with_the_one_meant(declare: Declare) -> None:
    with pytest.raises(TaskError, match="no setting 'learnin_rate'; did you mean 'learning_rate'"):
        declare().resolve({"learnin_rate": "1"})


def test_a_setting_like_no_other_is_answered_with_all(declare: Declare) -> None:
    with pytest.raises(TaskError, match="one of augment, batch_size, epochs, .*, schedule, seed"):
        declare().resolve({"zzzzzzzz": "1"})


def test_what_was_told_comes_back(declare: Declare) -> None:
    task = declare()
    settings = task.resolve({"epochs": "3"})
    assert task.restore(as_dict(settings)) == settings
    assert as_dict(task.restore({"epochs": 3})) == {"epochs": 3}


@pytest.mark.parametrize(
    ("name", "wrong", "known"),
    [
        ("schedule", "linear", "plateau, cosine"),
        ("precision", "half", "auto, float32, mixed_bfloat16"),
    ],
)
def test_what_training_reads_for_every_task_has_its_choices(
    declare: Declare, name: str, wrong: str, known: str
) -> None:
    task = declare()
    for each in known.split(", "):
        assert getattr(task.resolve({name: each}), name) == each
    with pytest.raises(TaskError, match=f"{name} takes one of {known}, found '{wrong}'"):
        task.resolve({name: wrong})


def test_settings_derive_from_what_training_reads_unless_nothing_is_trained(
    declare: Declare,
) -> None:
    with pytest.raises(TaskError, match="derive them from TrainingSettings, or say trains=False"):
        replace(declare(), settings=Untrained)
    assert replace(declare(), settings=Untrained, trains=False).resolve({}).seed == 0


@pytest.mark.parametrize(
    ("source", "lacks"),
    [
        (ImageFolderSource(layout="", labeler="x.label"), SplitFolderSettings),
        (AdienceSource(labeler="x.label"), FoldSettings),
        (DialogueSource(), DialogueSettings),
        (MidiSource(), MidiSettings),
        (ClipSource(), SoundSettings),
        (WordFileSource(), SpeechSettings),
        (load_task("railway_forecast").sources[0], SeriesSettings),
    ],
)
def test_settings_derive_from_what_a_source_reads(
    declare: Declare, source: Source, lacks: type[Settings]
) -> None:
    said = f"{type(source).__name__} reads {lacks.__name__}, from which its settings do not derive"
    with pytest.raises(TaskError, match=said):
        declare(sources=(source,))

    class Whole(TrainingSettings, lacks):  # type: ignore[misc, valid-type]
        pass

    whole = declare(sources=(source,), settings=Whole)
    # Each of several sources is looked at.
    with pytest.raises(TaskError, match=said):
        replace(whole, sources=(Source(pattern="*", layout=""), source), settings=TrainingSettings)


def test_what_counts_drawn_examples_must_reach_the_drawer(declare: Declare) -> None:
    class Drawn(TrainingSettings):
        told: int = setting(3, reads=DATA, doc="Examples.")
        untold: int = setting(3, reads=SAMPLE, doc="Examples.")

    for count in ("told", "untold", "nothing"):
        drawn = GeneratedSource(layout="", drawer="x.draw", count=count)
        if count == "told":
            task = declare(sources=(drawn,), settings=Drawn)
            assert drawn.examples(task.resolve({"told": "5"})) == 5
            continue
        with pytest.raises(
            TaskError, match=f"GeneratedSource reads '{count}', no setting with reads=DATA"
        ):
            declare(sources=(drawn,), settings=Drawn)


@pytest.mark.parametrize("task", all_tasks(), ids=lambda task: task.name)
def test_no_drawn_examples_are_an_error(task: Task) -> None:
    for source in task.sources:
        if isinstance(source, GeneratedSource):
            with pytest.raises(TaskError, match=f"{source.count} takes .*, found 0"):
                task.resolve({source.count: 0})


def test_what_settles_how_columns_are_written_must_reach_the_reader(declare: Declare) -> None:
    source = load_task("name_gender").sources[0]
    with pytest.raises(TaskError, match="CsvSource reads 'gender_codes', no setting with reads"):
        declare(sources=(source,))


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("epochs", "0", "a whole number, 1 or more"),
        ("epochs", "-3", "a whole number, 1 or more"),
        ("batch_size", "0", "a whole number, 1 or more"),
        ("learning_rate", "nan", "a number, more than 0"),
        ("learning_rate", "inf", "a number, more than 0"),
        ("learning_rate", "0", "a number, more than 0"),
        ("dropout", "1", "a number, at least 0, less than 1"),
        ("dropout", "-0.1", "a number, at least 0, less than 1"),
        ("seed", "-1", "a whole number, 0 to 4294967295"),
        ("patience", "-1", "a whole number, 0 or more"),
        ("sample_rows", "0", "a whole number, 1 or more"),
    ],
)
def test_a_number_out_of_bounds_is_a_wrong_usage(name: str, value: str, wanted: str) -> None:
    with pytest.raises(TaskError, match=f"name_gender: {name} takes {wanted}, found") as caught:
        load_task("name_gender").resolve({name: value})
    assert caught.value.exit_code == 2


def test_settings_that_do_not_go_together_are_said_at_once() -> None:
    with pytest.raises(TaskError, match="crop_px <= image_px"):
        load_task("age_gender").resolve({"crop_px": "300"})


@pytest.mark.parametrize("task", all_tasks(), ids=lambda task: task.name)
def test_no_default_and_nothing_to_search_is_out_of_bounds(task: Task) -> None:
    every: list[dict[str, Any]] = [{}]
    every += [{name: value} for name, values in task.search.items() for value in values]
    for settings in every:
        task.resolve(settings)
        task.resolve(settings, smoke=True)
