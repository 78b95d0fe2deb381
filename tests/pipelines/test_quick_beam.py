"""What is remembered while a run builds Beam's graphs is what Beam would have found anew."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.typehints import decorators

from pipelines import runner
from pipelines.environment import environment
from pipelines.quick_beam import quick_construction


class Doubling(beam.DoFn):
    def process(self, element: int, factor: int = 2):
        yield element * factor


def test_views_share_their_values_and_different_options_do_not() -> None:
    with quick_construction():
        first = PipelineOptions(["--runner=FnApiRunner", "--direct_num_workers=3"])
        second = PipelineOptions(["--runner=DirectRunner"])
        assert first.view_as(DirectOptions).direct_num_workers == 3
        assert second.view_as(DirectOptions).direct_num_workers == 1
        first.view_as(StandardOptions).streaming = True
        assert first.view_as(StandardOptions).streaming
        assert not second.view_as(StandardOptions).streaming
        assert first.view_as(StandardOptions).runner == "FnApiRunner"


def test_signatures_are_those_of_inspect() -> None:
    before = decorators.get_signature
    with quick_construction():
        for function in (Doubling.process, Doubling().process, Doubling().process, str.upper, len):
            assert decorators.get_signature(function).parameters.keys() == (
                before(function).parameters.keys()
            )
        assert list(decorators.get_signature(Doubling.process).parameters)[0] == "self"
        assert "self" not in decorators.get_signature(Doubling().process).parameters
    assert decorators.get_signature is before
    assert inspect.isfunction(before)


def test_a_pipeline_gives_the_same() -> None:
    with quick_construction(), beam.Pipeline(runner="FnApiRunner") as pipeline:
        doubled = pipeline | beam.Create([1, 2, 3]) | beam.ParDo(Doubling(), factor=10)
        assert_that(doubled | beam.CombineGlobally(sum), equal_to([60]))


def test_a_run_builds_its_graphs_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    views = []

    class Runner:
        def run(self, pipeline: Any) -> None:
            options = PipelineOptions([])
            views.extend(options.view_as(StandardOptions) for _ in range(2))

    monkeypatch.setattr(runner, "LocalDagRunner", Runner)
    pipeline: Any = SimpleNamespace(pipeline_info=SimpleNamespace(pipeline_root=str(tmp_path)))
    result: Any = SimpleNamespace(task=SimpleNamespace(name="name_gender"), outcomes=[])
    env = environment("smoke", str(tmp_path))
    runner.run(pipeline, env, result, lambda name: None, lambda outcome, figure: None)
    first, second = views
    assert first is second
    options = PipelineOptions([])
    assert options.view_as(StandardOptions) is not options.view_as(StandardOptions)
