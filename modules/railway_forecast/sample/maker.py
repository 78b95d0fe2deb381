"""railway_forecast: draws a series like that of China's railways, so that it runs with no download.

Growth wanders around 8 % a year; the season is drawn once; the New Year travel season adds in
proportion to its share of the month; the noise is 2.5 %.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

from modules.railway_forecast.calendar_effects import FIRST_MONTH, calendar_table
from modules.railway_forecast.task import Settings

_HEADER = ("时间", "铁路客运量_当期值(万人)")
_FIRST_YEAR = 2005
_BASE = 9_500.0
_YEARLY_GROWTH = 0.08
# What a month's growth keeps of its distance from the mean, and what is new in it: in the long run
# a year's growth is within 3 % of the mean in two years of three, as China's railways' is.
_GROWTH_KEPT = 0.95
_GROWTH_WANDER = 0.0008
_SEASON = (-0.08, -0.05, -0.05, 0.0, 0.02, -0.04, 0.16, 0.18, 0.0, 0.06, -0.10, -0.10)
_SEASON_SPREAD = 0.03
_NEW_YEAR_EFFECT = 0.25
_NOISE = 0.025


def write_sample(folder: Path, settings: Settings) -> None:
    """Writes `railway.csv`.

    Args:
        folder: Where to; it exists.
        settings: `seed`, the same of which gives the same files; `sample_months` says how many
            months, from January 2005 on.
    """
    rng = np.random.default_rng(settings.seed)
    months = settings.sample_months
    first = _FIRST_YEAR * 12 - FIRST_MONTH
    calendar = calendar_table()[first : first + months].astype(np.float64)
    wander = lfilter([1], [1, -_GROWTH_KEPT], rng.normal(0, _GROWTH_WANDER, months))
    growth = _YEARLY_GROWTH / 12 + wander
    season = np.array(_SEASON) + rng.normal(0, _SEASON_SPREAD, 12)
    logs = (
        np.log(_BASE)
        + np.cumsum(growth)
        + season[np.arange(months) % 12]
        + _NEW_YEAR_EFFECT * calendar[:, 0]
        + calendar[:, 1]
        + rng.normal(0, _NOISE, months)
    )
    with open(folder / "railway.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for month, value in enumerate(np.exp(logs)):
            year, month_of_year = divmod(month, 12)
            writer.writerow((f"{_FIRST_YEAR + year}年{month_of_year + 1}月", round(value)))
