"""Recordings with transcripts as people have them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from speech_corpora import config_for

from components.example_gen.read_config import ReadConfig
from components.example_gen.sound.audio_folder import Executor as VoiceExecutor
from components.example_gen.sound.speech import Executor
from components.example_gen.sound.speech_reader import Utterance
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, tell
from modules.common.runtime.errors import DataError
from pipelines.data import locate
from pipelines.environment import Environment

Case = Callable[[str], Path]

_TEXTS = {"今天天气很好", "我们明天去爬山", "请把门关上", "他在学校读书", "火车晚点了"}


def utterances(data: Path) -> list[Utterance]:
    """What chinese_asr would decode of a folder; nothing may be left over."""
    task = load_task("chinese_asr")
    location = locate(task, str(data), Environment(name="local", root=str(data)), task.settings())
    items = Executor.items(config_for(location.source, Path(location.folder)), location.patterns)
    assert all(isinstance(item, Utterance) for item in items)
    return items


def assert_read(data: Path, speakers: int = 4) -> list[Utterance]:
    """Sees that all twenty are there, their texts whole, and no speaker on both sides."""
    found = utterances(data)
    assert len(found) == 20 and {item.text for item in found} >= _TEXTS
    split_of = {item.speaker: item.splits for item in found}
    assert len(split_of) == speakers and set(split_of.values()) == {("train",), ("eval",)}
    assert all(split_of[item.speaker] == item.splits for item in found)
    return found


def test_40_a_header_says_which_column_is_what(case: Case) -> None:
    found = assert_read(case("40") / "in")
    assert {item.speaker for item in found} == {f"38_570{number}" for number in range(4)}
    assert found[0].path == "train/38_5700/38_5700_201709142000.wav"
    assert found[0].text == "今天天气很好"


def test_40_without_the_header_its_columns_are_shown(case: Case, tmp_path: Path) -> None:
    data = tmp_path / "in2"
    shutil.copytree(case("40") / "in", data)
    lines = (data / "train" / "TRANS.txt").read_text().splitlines(keepends=True)
    (data / "train" / "TRANS.txt").write_text("".join(lines[1:]))
    with pytest.raises(DataError, match="TRANS.txt .* 3 columns and no header") as was:
        utterances(data)
    assert "38_5700_201709142000.wav | 38_5700 | 今天天气很好" in str(was.value)


@pytest.mark.parametrize("folder", ["in", "in2"])
def test_42_a_file_beside_each_recording(case: Case, folder: str) -> None:
    assert_read(case("42") / folder)


def test_43_links_that_were_unpacked_as_text(case: Case) -> None:
    assert_read(case("43") / "in")
    with pytest.raises(DataError, match="targets of links that were unpacked as text"):
        utterances(case("43") / "in2")


def test_47_a_list_from_windows(case: Case) -> None:
    found = utterances(case("47") / "in")
    assert len(found) == 20 and found[0].text == "今天天气很好我们明天去爬山"


def test_47_sizes_are_no_part_of_the_text(case: Case) -> None:
    assert_read(case("47") / "in2")


@pytest.mark.parametrize(("folder", "prefix"), [("in3", "rec"), ("in4", "common")])
def test_66_speakers_that_names_do_not_tell(case: Case, folder: str, prefix: str) -> None:
    said = rf"\(20\) are of one speaker, {prefix}, or their names begin alike"
    with pytest.raises(DataError, match=said) as was:
        utterances(case("66") / folder)
    assert "a column speaker in the list" in str(was.value)


def test_66_folders_tell_speakers(case: Case) -> None:
    assert_read(case("66") / "in5")


@pytest.mark.parametrize(("folder", "speaker"), [("in", "female"), ("in2", "sample")])
def test_66_voices_that_names_do_not_tell(case: Case, folder: str, speaker: str) -> None:
    task = load_task("voice_gender")
    env = Environment(name="local", root="")
    location = locate(task, str(case("66") / folder), env, task.settings())
    config = ReadConfig(
        task_name=task.name,
        source=location.source,
        settings=tell(task.settings(), DATA),
        data_dir=location.folder,
    )
    said = rf"of one speaker, or their names begin alike .*20 in female/ \(speaker {speaker}\)"
    with pytest.raises(DataError, match=said) as was:
        VoiceExecutor.items(config, location.patterns)
    assert "expected at least two speakers in each class" in str(was.value)
