"""StatisticsGen as every pipeline here has it."""

from __future__ import annotations

import tensorflow_data_validation as tfdv
from tfx.components.statistics_gen.component import StatisticsGen
from tfx.types.channel import BaseChannel


def statistics_gen(examples: BaseChannel) -> StatisticsGen:
    """Makes a StatisticsGen whose memory does not grow with the data.

    By default TFDV has Beam group all different values of a feature of text or bytes, such as every
    name or every picture. Here it counts them in sketches of fixed size: exactly up to a thousand
    different ones, beyond that about.

    Args:
        examples: Those of an ExampleGen.
    """
    options = tfdv.StatsOptions(use_sketch_based_topk_uniques=True)
    return StatisticsGen(examples=examples, stats_options=options)
