"""The file of pins and labels, read back by the library that defines its format."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serving.config import ModelEntry, ServerConfig, VersionPolicy
from serving.errors import ServingError
from serving.files import container
from serving.files.kept_models import KeptModels, changing, find_needed, read_kept

HAND_WRITTEN = """# mine
# do not touch
model_config_list {
  config {
    name: "guest" base_path: "/elsewhere/guest" model_platform: "tensorflow"
    logging_config { sampling_config { sampling_rate: 0.5 } }
  }
  config {
    name: "mine" base_path: "/models/mine" model_platform: "tensorflow"
    logging_config { sampling_config { sampling_rate: 0.25 } }
    version_labels { key: "stable" value: 3 }
  }
}
"""
SPECIFIC = ModelEntry(Path("/models/a"), VersionPolicy.specific(1, 3), {"old": 1, "stable": 3})
ALL = ModelEntry(Path("/models/b"), VersionPolicy.all(), {"canary": 7})
LATEST = ModelEntry(Path("/models/c"), VersionPolicy.latest(2))


def parse(path: Path) -> Any:
    return text_format.Parse(path.read_text(), model_server_config_pb2.ModelServerConfig())


def test_what_is_written_is_read_by_tensorflow_serving_s_own_message(tmp_path: Path) -> None:
    path = tmp_path / "serving" / "models.config"
    with changing(path) as kept:
        assert kept == {}
        kept |= {"a": SPECIFIC, "b": ALL, "c": LATEST}
    first, second, third = parse(path).model_config_list.config
    assert (first.name, first.base_path) == ("a", "/models/a")
    assert list(first.model_version_policy.specific.versions) == [1, 3]
    assert dict(first.version_labels) == {"old": 1, "stable": 3}
    assert second.model_version_policy.WhichOneof("policy_choice") == "all"
    assert third.model_version_policy.latest.num_versions == 2
    assert read_kept(path) == {"a": SPECIFIC, "b": ALL, "c": LATEST}


def test_what_that_library_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "models.config"
    with changing(path) as kept:
        kept |= {"a": SPECIFIC, "b": ALL, "c": LATEST}
    for as_one_line in (True, False):
        path.write_text(text_format.MessageToString(parse(path), as_one_line=as_one_line))
        assert read_kept(path) == {"a": SPECIFIC, "b": ALL, "c": LATEST}


def test_what_a_person_wrote_stays(tmp_path: Path) -> None:
    path = tmp_path / "models.config"
    path.write_text(HAND_WRITTEN)
    with changing(path) as kept:
        assert kept == {"mine": ModelEntry(Path("/models/mine"), labels={"stable": 3})}
        kept["mine"] = ModelEntry(Path(), VersionPolicy.specific(2))
        kept["a"] = SPECIFIC
    a, guest, mine = parse(path).model_config_list.config
    assert path.read_text().startswith("# mine\n# do not touch\nmodel_config_list")
    assert guest.base_path == "/elsewhere/guest"
    assert guest.logging_config.sampling_config.sampling_rate == 0.5
    assert mine.logging_config.sampling_config.sampling_rate == 0.25
    assert list(mine.model_version_policy.specific.versions) == [2] and not mine.version_labels
    assert a.base_path == "/models/a"
    with changing(path) as kept:
        kept.clear()
    assert [each.name for each in parse(path).model_config_list.config] == ["guest"]


def test_a_name_that_a_person_gave_to_another_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "models.config"
    path.write_text(HAND_WRITTEN)
    with pytest.raises(ServingError, match="serves guest from /elsewhere/guest"):
        with changing(path) as kept:
            kept["guest"] = SPECIFIC
    assert path.read_text() == HAND_WRITTEN


@pytest.mark.parametrize("text", ["model_config_list {", "custom_model_config {}"])
def test_a_file_that_is_none_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "models.config"
    path.write_text(text)
    with pytest.raises(ServingError, match="models.config"):
        with changing(path) as kept:
            kept["a"] = SPECIFIC
    assert path.read_text() == text
    with pytest.raises(ServingError):
        KeptModels(dict, path)


def test_many_who_change_it_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "models.config"

    def add(number: int) -> None:
        with changing(path) as kept:
            kept[f"m{number}"] = ModelEntry(Path(), VersionPolicy.specific(number + 1))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_kept(path)) == 8
    assert {each.name for each in tmp_path.iterdir()} == {"models.config", "models.lock"}


def test_versions_that_are_pinned_or_labelled_are_needed(tmp_path: Path) -> None:
    path = tmp_path / "models.config"
    assert find_needed(path, "a") == set()
    with changing(path) as kept:
        kept |= {"a": SPECIFIC, "b": ALL}
    assert find_needed(path, "a") == {1, 3} and find_needed(path, "b") == {7}
    assert find_needed(path, "c") == set()


def test_a_server_follows_the_file(tmp_path: Path) -> None:
    path = tmp_path / "models.config"
    places = {name: ModelEntry(tmp_path / name) for name in ("a", "new")}
    follow = KeptModels(lambda: places, path)
    assert follow() == places
    with changing(path) as kept:
        kept["a"] = SPECIFIC
    pinned = ModelEntry(tmp_path / "a", SPECIFIC.policy, SPECIFIC.labels)
    assert follow() == {"a": pinned, "new": places["new"]}
    path.write_text("broken {")
    assert follow()["a"] == pinned
    path.unlink()
    assert follow()["a"] == pinned
    with changing(path) as kept:
        kept["a"] = ModelEntry(Path())
    assert follow() == places


def test_the_files_for_the_image_keep_what_is_pinned(
    tmp_path: Path, publish: Callable[..., Path]
) -> None:
    root, folder = tmp_path / "models", tmp_path / "serving"
    for model in ("a", "b", "c"):
        publish(root, model, 1)
    with changing(folder / "models.config") as kept:
        kept |= {"a": SPECIFIC, "b": ALL, "gone": LATEST}
    config = ServerConfig(
        version_policy=VersionPolicy.all(),
        model_policies={"b": VersionPolicy.latest(3)},
        version_labels={"c": {"stable": 1}},
    )
    [path, *_] = container.write_container_config(root, folder, config)
    # What names a model goes before what is kept of it, and that before what is for all.
    assert read_kept(path) == {
        "a": SPECIFIC,
        "b": ModelEntry(Path("/models/b"), VersionPolicy.latest(3), ALL.labels),
        "c": ModelEntry(Path("/models/c"), VersionPolicy.all(), {"stable": 1}),
    }
    container.write_container_config(root, folder)
    assert read_kept(path)["a"] == SPECIFIC
