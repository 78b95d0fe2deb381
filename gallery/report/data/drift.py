"""How far data has moved from the data of an earlier run, measured by TFDV."""

from __future__ import annotations

from dataclasses import dataclass

from gallery.report.data.statistics import feature_name, read_statistics

_MEASURES = {"L_INFTY": "L-infinity", "JENSEN_SHANNON_DIVERGENCE": "Jensen-Shannon"}
# What is commonly looked at: TFDV's own guide begins with these.
_MUCH, _SOME = 0.1, 0.01


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A feature whose values are compared.

    Attributes:
        feature: Its name.
        measure: `L-infinity` between shares of values, or `Jensen-Shannon` between distributions.
        distance: 0 where nothing has moved.
        words: The same in a word or two.
    """

    feature: str
    measure: str
    distance: float

    @property
    def words(self) -> str:
        """Says how much that is."""
        if self.distance > _MUCH:
            return "much"
        if self.distance > _SOME:
            return "some"
        return "hardly any" if self.distance else "none"


def measure_drift(folder: str, earlier_folder: str, split: str = "train") -> list[Moved]:
    """Compares a split with that of an earlier run, what moved most first.

    Args:
        folder: The artifact of StatisticsGen.
        earlier_folder: That of the earlier run.
        split: The split.

    Returns:
        A row for each feature that TFDV compares: texts whose values were counted, and numbers.
    """
    import tensorflow_data_validation as tfdv

    now, before = read_statistics(folder, split), read_statistics(earlier_folder, split)
    schema = tfdv.infer_schema(now)
    numbers = {
        feature_name(feature): feature.WhichOneof("stats") == "num_stats"
        for feature in now.datasets[0].features
    }
    for feature in schema.feature:
        comparator = feature.drift_comparator
        # No threshold: what is wanted is the measurement.
        if numbers.get(feature.name):
            comparator.jensen_shannon_divergence.threshold = 1.0
        else:
            comparator.infinity_norm.threshold = 1.0
    anomalies = tfdv.validate_statistics(now, schema, previous_statistics=before)
    moved = [
        Moved(
            feature=".".join(info.path.step),
            measure=_MEASURES.get(type(each).Type.Name(each.type), "distance"),
            distance=float(each.value),
        )
        for info in anomalies.drift_skew_info
        for each in info.drift_measurements
    ]
    return sorted(moved, key=lambda each: (-each.distance, each.feature))
