"""Which engine a run gets, by options and variables."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from modules.common.runtime.errors import LianxiError, WrongUsage
from pipelines.cluster import state
from pipelines.cluster.marked_processes import start_marked
from pipelines.cluster.starting import new_mark
from pipelines.engines import local
from pipelines.engines.choice import ENGINE_VARIABLE, with_engine
from pipelines.engines.flink import JOB_SERVER_VARIABLE, MASTER_VARIABLE, check_address
from pipelines.environment import environment


def test_without_a_word_it_is_local() -> None:
    env = with_engine(environment())
    assert (env.engine, env.beam_args) == ("local", local.BEAM_ARGS)


def test_a_master_means_flink_and_options_win_over_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    env = with_engine(environment(), flink_master="http://flink:8081/")
    assert env.engine == "flink"
    assert "--flink_master=flink:8081" in env.beam_args
    served = with_engine(environment(), job_server="flink:8099")
    assert (served.engine, "--job_endpoint=flink:8099" in served.beam_args) == ("flink", True)
    assert (env.flink_rest, served.flink_rest) == ("flink:8081", "")
    both = with_engine(environment(), None, "http://flink:8081", (), "flink:8099")
    assert (both.beam_args, both.flink_rest) == (served.beam_args, "flink:8081")
    monkeypatch.setenv(ENGINE_VARIABLE, "flink")
    monkeypatch.setenv(MASTER_VARIABLE, "there:1")
    assert "--flink_master=there:1" in with_engine(environment()).beam_args
    monkeypatch.setenv(JOB_SERVER_VARIABLE, "there:3")
    assert "--flink_master=here:2" in with_engine(environment(), None, "here:2").beam_args
    assert "--job_endpoint=there:3" in with_engine(environment()).beam_args
    assert with_engine(environment(), "local").engine == "local"


def test_what_a_person_tells_beam_comes_last() -> None:
    env = with_engine(environment(), None, "flink:8081", ("--parallelism=4",))
    assert env.beam_args[-1] == "--parallelism=4"
    # TFX would pack itself for every component.
    assert "--sdk_container_image=unused" in env.beam_args


@pytest.mark.parametrize("master", ["flink", "flink:", ":8081", "flink:99999", "ftp://flink:1"])
def test_what_is_no_address_is_said(master: str) -> None:
    with pytest.raises(WrongUsage, match="expected the address of Flink's JobManager as HOST:PORT"):
        check_address(master)


def test_a_misspelt_engine_and_a_contradiction_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WrongUsage, match="goes with the engine flink, found the engine local"):
        with_engine(environment(), "local", "flink:8081")
    monkeypatch.setenv(ENGINE_VARIABLE, "flnk")
    with pytest.raises(WrongUsage, match="did you mean 'flink'"):
        with_engine(environment())


def test_the_cluster_of_the_root_is_found_or_what_to_do_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = environment("smoke", str(tmp_path))
    with pytest.raises(WrongUsage, match="found none; start one by `lianxi cluster up --kind port"):
        with_engine(env, "portable")
    with pytest.raises(WrongUsage, match="or name one by --flink-master HOST:PORT"):
        with_engine(env, "flink")
    cluster = state.Cluster(
        mark=new_mark(), kind=state.PORTABLE, workers=2, job_port=7, pool_port=8
    )
    state.write(tmp_path / "cluster", cluster)
    sleeping = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = start_marked(sleeping, cluster.mark, tmp_path / "log", tmp_path)
    try:
        args = with_engine(env, "portable").beam_args
        assert "--job_endpoint=localhost:7" in args
        assert "--environment_config=localhost:8" in args
        assert not with_engine(env, "portable").flink_rest
        state.write(tmp_path / "cluster", replace(cluster, kind=state.FLINK, rest_port=9))
        assert with_engine(env, "flink").flink_rest == "localhost:9"
        state.write(tmp_path / "cluster", cluster)
        with pytest.raises(WrongUsage, match="found one of the kind portable"):
            with_engine(env, "flink")
        silent = state.Part(name="job service", port=9, log="its.log", pid=process.pid)
        state.write(tmp_path / "cluster", replace(cluster, parts=(silent,)))
        with pytest.raises(LianxiError, match="job service does not answer .its log is its.log"):
            with_engine(env, "portable")
    finally:
        process.kill()
        process.wait(10)
