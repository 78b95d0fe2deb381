"""What ExampleGen is told, so that TFX's cache notices an edit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tfx.components.example_gen.component import FileBasedExampleGen, QueryBasedExampleGen

from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, SAMPLE, setting
from modules.common.declaring.sources import Source
from modules.common.drawn.sources import GeneratedSource
from modules.common.pictures.sources import ImageFolderSource
from modules.common.reading.settings import SplitFolderSettings
from modules.name_gender import task as declaration
from pipelines import example_nodes
from pipelines.data import DataLocation

_FOLDER = ImageFolderSource(layout="", labeler="modules.name_gender.text.label_of")
_DRAWN = GeneratedSource(
    layout="", drawer="modules.name_gender.sample.maker.draw", count="sample_rows"
)


class Settings(declaration.Settings, SplitFolderSettings):
    """Those of name_gender, if it read folders or drew its examples."""

    sample_rows: int = setting(20_000, reads=DATA | SAMPLE)


@pytest.mark.parametrize(
    ("source", "component", "function"),
    [
        (_FOLDER, FileBasedExampleGen, "modules.name_gender.text"),
        (_DRAWN, QueryBasedExampleGen, "modules.name_gender.sample.maker"),
    ],
)
def test_the_digest_covers_what_the_source_names(
    monkeypatch: pytest.MonkeyPatch, source: Source, component: type, function: str
) -> None:
    digested: list[str] = []
    monkeypatch.setattr(
        example_nodes, "source_digest", lambda *modules: digested.extend(modules) or "x"
    )
    declared = load_task("name_gender")
    task = replace(declared, sources=(source,), settings=Settings)
    location = DataLocation(folder="", source=source, patterns=source.patterns)
    made = example_nodes.example_gen_component(task, location, Settings())
    assert isinstance(made, component)
    assert "learning_rate" not in str(made.exec_properties)
    assert "sample_rows" in str(made.exec_properties)
    assert set(digested) == {
        source.component.rpartition(".")[0], "modules.name_gender.task", function
    }  # fmt: skip
