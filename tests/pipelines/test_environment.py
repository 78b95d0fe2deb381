"""Where a run keeps its things, and what Beam is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from modules.common.runtime.errors import LianxiError, WrongUsage
from pipelines.environment import KEEP_VERSIONS_VARIABLE, ROOT_VARIABLE, environment


def test_smoke_keeps_its_models_apart(tmp_path: Path) -> None:
    local, smoke = environment("local", str(tmp_path)), environment("smoke", str(tmp_path))
    assert smoke.smoke and not local.smoke
    assert local.models_dir != smoke.models_dir
    assert Path(smoke.models_dir).is_relative_to(tmp_path)


def test_the_root_comes_from_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "there"))
    assert environment().root == str(tmp_path / "there")
    assert environment(root=str(tmp_path)).root == str(tmp_path)


def test_a_misspelt_name_is_answered() -> None:
    with pytest.raises(LianxiError, match="did you mean 'smoke'"):
        environment("smok")


def test_beam_arguments_go_last_and_another_runner_drops_the_local_ones() -> None:
    local = environment()
    more = local.with_beam_args(("--direct_num_workers=4",))
    assert more.beam_args == (*local.beam_args, "--direct_num_workers=4")
    other = local.with_beam_args(("--runner=FlinkRunner", "--flink_master=host:1"))
    assert other.beam_args == ("--runner=FlinkRunner", "--flink_master=host:1")


def test_a_root_that_is_a_file_is_a_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(WrongUsage, match=f"since {tmp_path}/file is a file; name a folder"):
            environment(root=str(root))
    assert environment(root=str(tmp_path / "absent" / "below")).root.endswith("below")


def test_how_many_versions_are_kept_comes_from_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert environment().keep_versions == 0
    monkeypatch.setenv(KEEP_VERSIONS_VARIABLE, "3")
    assert environment().keep_versions == environment("smoke").keep_versions == 3
    monkeypatch.setenv(KEEP_VERSIONS_VARIABLE, "a few")
    with pytest.raises(WrongUsage, match="found 'a few'"):
        environment()
