"""Of pictures that agree in every pixel, keeps one: by their digests, in linear time."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from components.example_gen.pictures.image_reader import Sighting
from components.example_gen.read_group import group_items, yield_count, yield_reject
from components.example_gen.records import SET_ASIDE, Reject


def keep_one_of_each(sightings: beam.PCollection, total: int) -> Any:
    """Brings those of equal digest together. What Beam moves is digests and paths only.

    Args:
        sightings: The pictures, each a `Sighting`.
        total: How many there are at most.

    Returns:
        Outputs with tags: `kept`, lists of `Sighting`, about `group_items` in each; `rejects` and
        `counts` as `write_quarantine` takes them.
    """
    chosen = (
        sightings
        | "ByDigest" >> beam.Map(lambda sighting: (sighting.digest, sighting))
        | "Same" >> beam.GroupByKey()
        | "KeepOne" >> beam.ParDo(_KeepOne()).with_outputs()
    )
    groups = -(-total // group_items(total))
    kept = (
        chosen["kept"]
        | "IntoGroups" >> beam.Map(lambda one: (zlib.crc32(one.relative.encode()) % groups, one))
        | "Group" >> beam.GroupByKey()
        | "InOrder" >> beam.Map(lambda group: sorted(group[1], key=lambda one: one.relative))
    )
    return {"kept": kept, "rejects": chosen["rejects"], "counts": chosen["counts"]}


class _KeepOne(beam.DoFn):
    """Chooses among pictures that are the same: test pictures stay test pictures."""

    def process(self, same: tuple[str, Iterable[Sighting]]) -> Iterator[Any]:
        first, *others = sorted(same[1], key=lambda one: (one.split != "eval", one.relative))
        counts: Counter[str] = Counter()
        yield beam.pvalue.TaggedOutput("kept", first)
        for other in others:
            reason = f"the same picture as {first.relative}"
            yield from yield_reject(Reject(other.relative, "", reason, SET_ASIDE), counts)
        yield from yield_count(counts)
