"""What makes a run one that would change nothing: all as it was, and nothing gone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from modules.common.declaring.registry import load_task
from pipelines import unchanged
from pipelines.data import locate
from pipelines.environment import Environment, environment
from pipelines.locks import exclusive
from pipelines.outcome import Outcome

TASK = load_task("id_number_ocr")
CHOICES = {"tune": False, "warm_start": False, "cache": True, "accept_drift": False}


@dataclass
class Place:
    """A run that pushed, and all that it depended on."""

    root: Path
    env: Environment
    model: Path

    def asked(
        self, env: Environment | None = None, given: dict[str, str] | None = None, **choices: bool
    ) -> str:
        settings = TASK.resolve({"font": str(self.root / "a.ttf"), **(given or {})})
        env = env or self.env
        location = locate(TASK, str(self.root / "data"), env, settings)
        return unchanged.digest_asked(TASK, env, location, settings, CHOICES | choices)

    def is_found(self, asked: str | None = None) -> bool:
        return unchanged.find(TASK, self.env, self.asked() if asked is None else asked) is not None


def _result(model: Path, version: Path, report: Path) -> Any:
    artifact = SimpleNamespace(uri=str(model))
    told = {"pushed": str(version), "paths": {"report_html": str(report)}}
    outputs = {"pushed_model": [artifact]}
    pusher = Outcome(name="Pusher", state="done", seconds=1, cpu_seconds=1, outputs=outputs)
    return SimpleNamespace(outcomes=[pusher], pushed=str(version), run_id="r", to_json=lambda: told)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    (tmp_path / "data").mkdir()
    for number in ("11010519491231002X", "440524188001010014"):
        (tmp_path / "data" / f"{number}.png").write_bytes(b"a picture")
    (tmp_path / "a.ttf").write_bytes(b"a typeface")
    env = environment("local", str(tmp_path / "root"))
    model, version = tmp_path / "root/artifact", Path(env.models_dir, TASK.name, "7")
    for folder in (model, version):
        folder.mkdir(parents=True)
        for name in ("saved_model.pb", "fingerprint.pb"):
            (folder / name).write_bytes(b"one")
    report, store = tmp_path / "report.html", Path(env.metadata_path(TASK.name))
    report.write_text("report")
    store.parent.mkdir()
    store.write_bytes(b"metadata")
    Path(env.pipeline_dir(TASK.name)).mkdir(parents=True)
    monkeypatch.setattr(unchanged, "find_number", lambda *_: 3)
    made = Place(tmp_path, env, model)
    unchanged.keep(TASK, env, made.asked(), _result(model, version, report), {"Pusher": "v 7"})
    return made


def test_the_same_again_is_found(place: Place) -> None:
    last = unchanged.find(TASK, place.env, place.asked())
    assert last is not None and last.run == "id_number_ocr@3" and last.said == {"Pusher": "v 7"}
    assert place.is_found(place.asked(replace(place.env, given_root="elsewhere")))


def test_what_was_asked_otherwise_is_run(place: Place) -> None:
    assert not place.is_found(place.asked(given={"epochs": "3"}))
    assert not place.is_found(place.asked(tune=True))
    assert not place.is_found(place.asked(replace(place.env, keep_versions=2)))
    for choice in ({"cache": False}, {"warm_start": True}):
        assert place.asked(**choice) == ""
    assert place.asked(replace(place.env, engine="flink")) == ""
    assert not place.is_found("")


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b" and more")


def _push_another(place: Place) -> None:
    version = Path(place.env.models_dir, TASK.name, "8")
    version.mkdir()
    for name in ("saved_model.pb", "fingerprint.pb"):
        (version / name).write_bytes(b"two")


CHANGES: dict[str, Callable[[Place], object]] = {
    "a picture": lambda place: _append(next((place.root / "data").iterdir())),
    "a picture's name": lambda place: next((place.root / "data").iterdir()).rename(
        place.root / "data/130503670401001x.png"
    ),
    "a file that a setting names": lambda place: _append(place.root / "a.ttf"),
    "an artifact": lambda place: os.remove(place.model / "saved_model.pb"),
    "all artifacts": lambda place: shutil.rmtree(place.model),
    "the metadata": lambda place: _append(Path(place.env.metadata_path(TASK.name))),
    "the report": lambda place: os.remove(place.root / "report.html"),
    "the version": lambda place: shutil.rmtree(Path(place.env.models_dir, TASK.name, "7")),
    "the newest version": _push_another,
    "the note": lambda place: _append(Path(place.env.pipeline_dir(TASK.name), "last_push.json")),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_changed_since_is_run(place: Place, what: str) -> None:
    assert place.is_found()
    CHANGES[what](place)
    assert not place.is_found()


def test_an_edit_of_the_project_is_run(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = place.root / "project"
    for folder in (
        "pipelines",
        "modules/id_number_ocr",
        "modules/pixelcnn",
        "schemas/id_number_ocr",
    ):
        shutil.copytree(unchanged.ROOT / folder, copy / folder)
    monkeypatch.setattr(unchanged, "ROOT", copy)
    before = place.asked()
    _append(copy / "modules/pixelcnn/model.py")
    assert place.asked() == before, "another task"
    for path in ("pipelines/builder.py", "schemas/id_number_ocr/schema.pbtxt"):
        _append(copy / path)
        assert place.asked() != before
        before = place.asked()


def test_another_run_under_way_and_one_that_pushed_nothing(place: Place) -> None:
    with exclusive(place.env, TASK.name):
        assert not place.is_found()
    assert place.is_found()
    unchanged.keep(TASK, place.env, place.asked(), SimpleNamespace(outcomes=[], pushed=""), {})  # type: ignore[arg-type]
    assert not place.is_found()
