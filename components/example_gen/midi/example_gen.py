"""Folders of MIDI files to examples: windows of tunes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import apache_beam as beam
from tfx.dsl.components.base import executor_spec

from components.example_gen import quarantine
from components.example_gen.base import Read, SourceExampleGen, SourceExecutor
from components.example_gen.midi.midi_reader import SightedTune, cut_tune, look_at_tune
from components.example_gen.read_config import ReadConfig
from components.example_gen.read_group import ReadGroup
from components.example_gen.records import SPLITS, splits_by_rank
from modules.common.runtime.errors import DataError


class Executor(SourceExecutor):
    """Reads tunes. All files are looked at; those that can be used are ranked and cut."""

    reader = staticmethod(look_at_tune)
    in_processes = True

    @classmethod
    def read(cls, pipeline: beam.Pipeline, items: Sequence[Any], config: ReadConfig) -> Read:
        """Looks at the files, then ranks the tunes by digests of their music, and cuts them."""
        look = ReadGroup(cls.reader, config, len(items), cls.in_processes, "tune")
        looked = cls.spread(pipeline, items) | "Look" >> beam.ParDo(look).with_outputs()
        tunes = looked["sightings"]
        splits = (
            tunes
            | "Keys" >> beam.Map(lambda tune: tune.key)
            | "AllKeys" >> beam.combiners.ToList()
            | "Rank" >> beam.Map(splits_by_rank, config.source.eval_percent)
        )
        cut = (
            tunes
            | "Split" >> beam.Map(_with_split, beam.pvalue.AsSingleton(splits))
            | "Cut" >> beam.ParDo(ReadGroup(cut_tune, config, len(items))).with_outputs()
        )
        # Bad files are a share of the files, not of the windows.
        used = tunes | "Used" >> beam.Map(lambda tune: ("used", 1))
        return Read(
            examples={split: [cut[split]] for split in SPLITS},
            rejects=[looked["rejects"]],
            counts=[looked["counts"], cut["counts"], used],
        )

    def Do(
        self,
        input_dict: dict[str, list[Any]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs, then looks whether there is something to evaluate on.

        Raises:
            DataError: If one tune alone can be used, so that a split is empty, and as the base
                class's.
        """
        super().Do(input_dict, output_dict, exec_properties)
        counts = quarantine.read_counts(self._output_dir)
        if not counts.by_split["eval"]:
            raise DataError(
                f"{self._config.data_dir} holds one tune that can be used (beside it "
                f"{counts.quarantined} bad and {counts.set_aside} set aside); expected at least "
                f"two that differ, one to train on and one to evaluate on"
            )


def _with_split(tune: SightedTune, splits: Mapping[str, str]) -> list[SightedTune]:
    """Gives a tune its split, as a group of one to be read."""
    return [dataclasses.replace(tune, split=splits[tune.key])]


class MidiExampleGen(SourceExampleGen):
    """ExampleGen for `MidiSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
