"""`lianxi run --dry-run`: the data is read, checked and counted, and nothing is trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dry_runs import DryRun
from speech_corpora import (
    NAMES,
    tone,
    write_list,
    write_side_files,
    write_sound,
    write_word_files,
)

from modules.common.declaring.registry import load_task
from pipelines import builder, dry_run, recorded_runs
from pipelines.data import locate
from pipelines.environment import environment

_ASR = load_task("chinese_asr")
_SECONDS = 0.5


def write_aishell_1(folder: Path) -> None:
    """Writes two speakers to train on and one to test, and two recordings that are too short."""
    lines = []
    for speaker, split in (("S0002", "train"), ("S0003", "train"), ("S0764", "test")):
        for number in range(3):
            name = f"BAC009{speaker}W{122 + number:04d}"
            write_sound(folder / "wav" / split / speaker / f"{name}.wav", tone(_SECONDS))
            lines.append(f"{name} 今天 天气 很 好")
    for name in ("BAC009S0002W0900", "BAC009S0002W0901"):
        write_sound(folder / "wav" / "train" / "S0002" / f"{name}.wav", tone(0.05))
        lines.append(f"{name} 广州市 房地产")
    write_list(folder / "transcript", "aishell_transcript_v0.8.txt", lines)


@pytest.mark.e2e
def test_all_is_counted_and_nothing_is_trained(dry: DryRun, tmp_path: Path) -> None:
    data = tmp_path / "data_aishell"
    write_aishell_1(data)
    limits = ("--set", "min_file_bytes=2000")
    code, told, said = dry("chinese_asr", data, *limits)
    assert code == 0, said
    assert [each["name"] for each in told["components"]] == [
        *("CuratedSchema", "ExampleGen", "StatisticsGen", "ExampleValidator", "AnomalyGate")
    ]
    found = told["dry_run"]
    assert found["by_split"] == {"train": 6, "eval": 3}
    assert found["amounts"]["speakers"] == {"train": 2, "eval": 1}
    hours = found["amounts"]["hours of sound"]
    assert hours["train"] == pytest.approx(6 * _SECONDS / 3600, rel=1e-4)
    assert found["values"]["text_length"] == {"train": {"6-10": 6}, "eval": {"6-10": 3}}
    assert found["quarantined"] == {}
    assert found["set_aside"] == {"1,644 bytes, fewer than min_file_bytes=2000": 2}
    assert found["plan"]["examples"] == 6 and found["plan"]["steps"] == found["plan"]["epochs"]
    assert found["plan"]["metrics"]["cer"] == ["by_duration"]
    assert "speakers        2 train, 1 eval" in said and "Nothing was trained" in said
    assert told["pushed"] is None and told["metrics"] == {}
    env = environment("smoke", str(tmp_path / "root"))
    assert not Path(env.models_dir).exists()
    [record] = recorded_runs.read_runs(env, _ASR, None)
    assert record.state == "checked" and not record.version

    again, told, _ = dry("chinese_asr", data, *limits)
    assert again == 0 and {each["state"] for each in told["components"]} == {"cached"}
    assert told["dry_run"] == found


@pytest.mark.e2e
@pytest.mark.parametrize("is_new", [True, False])
def test_thchs_30_in_both_layouts(is_new: bool, dry: DryRun, tmp_path: Path) -> None:
    sides = {"train": NAMES[:12], "test": NAMES[12:]}
    if is_new:
        write_word_files(tmp_path / "data", sides, nested=True)
    else:
        write_side_files(tmp_path / "data", NAMES)
        # What links become where an archive is unpacked without them.
        for side, names in sides.items():
            (tmp_path / "data" / side).mkdir()
            for name in names:
                (tmp_path / "data" / side / f"{name}.wav").write_text(f"../data/{name}.wav")
    code, told, said = dry("chinese_asr", tmp_path / "data")
    assert code == 0, said
    found = told["dry_run"]
    assert found["by_split"] == {"train": 12, "eval": 8}
    assert found["amounts"]["speakers"] == {"train": 3, "eval": 2}
    assert not found["quarantined"] and not found["set_aside"] and not found["anomalies"]


@pytest.mark.e2e
def test_data_that_would_be_refused_ends_otherwise(dry: DryRun, tmp_path: Path) -> None:
    rows = [f"{name}.wav\t38_5700\t今天天气很好" for name in ("a_1", "b_1", "c_1")]
    write_list(tmp_path / "data", "TRANS.txt", rows)
    for name in ("a_1", "b_1", "c_1"):
        write_sound(tmp_path / "data" / f"{name}.wav")
    code, told, said = dry("chinese_asr", tmp_path / "data")
    assert code == 1
    assert [each["state"] for each in told["components"]][-1] == "failed"
    assert "it has 3 columns and no header that says what they are" in said
    assert told["dry_run"]["plan"] is None and "Nothing was trained" not in said


def test_what_trains_reads_as_a_dry_run_does(tmp_path: Path) -> None:
    """The cache knows a component by its id, its pipeline's name and what it is told."""
    env = environment("smoke", str(tmp_path / "root"))
    (tmp_path / "names.csv").write_text("姓名,性别\n王芳,女\n", encoding="utf-8")
    task = load_task("name_gender")
    settings = task.resolve({}, smoke=True)
    data = locate(task, str(tmp_path / "names.csv"), env, settings)
    dry_one = builder.create_dry_run(task, env, data, settings)
    whole = builder.create_pipeline(task, env, data, settings)
    nodes = {node.id: node for node in whole.components}
    assert dry_one.pipeline_info.pipeline_name == whole.pipeline_info.pipeline_name
    assert dry_one.pipeline_info.pipeline_root == whole.pipeline_info.pipeline_root
    assert len(dry_one.components) == 5 and "Trainer" in nodes
    for node in dry_one.components:
        assert dict(node.exec_properties) == dict(nodes[node.id].exec_properties)


def test_it_does_not_go_with_watching(dry: DryRun, tmp_path: Path) -> None:
    code, _, said = dry("name_gender", tmp_path / "{SPAN}", "--watch")
    assert code == 2 and "leave --watch out" in said


def test_reasons_of_one_kind_are_counted_together(tmp_path: Path) -> None:
    rejects = [
        ("bad", "the file is empty"),
        ("bad", "the recording lasts 31.4 s, more than the 20 s that are read"),
        ("bad", "the recording lasts 44 s, more than the 20 s that are read"),
        ("bad", "there is no recording for 'D_1'"),
        ("set aside", "wav/B_1.wav has the same transcript in text line 2"),
        ("set aside", "wav/B_2.wav has the same transcript in text line 9"),
    ]
    path = tmp_path / "rejects.jsonl"
    lines = [json.dumps({"kind": kind, "reason": reason}) for kind, reason in rejects]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    bad, set_aside = dry_run.count_reasons(str(path))
    assert bad == {
        "the recording lasts … s, more than the … s that are read": 2,
        "the file is empty": 1,
        "there is no recording for 'D_1'": 1,
    }
    assert set_aside == {"… has the same transcript in text line …": 2}
