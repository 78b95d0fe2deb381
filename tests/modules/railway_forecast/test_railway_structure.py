"""railway_forecast's calendar against published dates, and its structure against loops."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from modules.railway_forecast import calendar_effects
from modules.railway_forecast.structure import Structure
from modules.railway_forecast.task import HORIZON, WINDOW


def test_new_years_are_the_published_ones() -> None:
    published = ["2005-02-09", "2006-01-29", "2012-01-23", "2015-02-19", "2016-02-08", "2033-01-31"]
    for text in published:
        date = datetime.date.fromisoformat(text)
        assert calendar_effects.new_year(date.year) == date


def test_travel_season_against_a_count_of_days() -> None:
    # The Ministry of Transport's dates of the season.
    published = {2012: ("2012-01-08", "2012-02-16"), 2016: ("2016-01-24", "2016-03-03")}
    shares = calendar_effects.travel_season_shares()
    for year, (first, last) in published.items():
        days = [datetime.date(year, 1, 1) + datetime.timedelta(days=i) for i in range(100)]
        season = [day for day in days if first <= day.isoformat() <= last]
        assert len(season) == 40
        for month in (1, 2, 3, 4):
            index = year * 12 + month - 1 - calendar_effects.FIRST_MONTH
            expected = sum(day.month == month for day in season) / 40
            assert shares[index] == pytest.approx(expected)
    by_year = shares.reshape(-1, 12).sum(axis=1)
    np.testing.assert_allclose(by_year, 1)


def test_structure_against_loops() -> None:
    rng = np.random.default_rng(0)
    structure = Structure(origins=1, members=3, outlier_limit=0.08)
    history = rng.normal(0, 0.2, (1, WINDOW)).astype(np.float32)
    known = np.ones((1, WINDOW), np.float32)
    calendar = rng.random((1, WINDOW + HORIZON, 4)).astype(np.float32)
    structure(history, known, calendar)
    for weight in structure.weights:
        weight.assign(rng.normal(0.3, 0.3, weight.shape))
    forecast, _ = structure(history, known, calendar)
    for member, years in enumerate((3, 2, 1)):
        expected = _structure_by_loops(structure, member, years, history[0], calendar[0])
        np.testing.assert_allclose(forecast[0, member], expected, rtol=1e-4, atol=1e-4)


def _structure_by_loops(
    structure: Structure, member: int, looks_back: int, history: np.ndarray, calendar: np.ndarray
) -> list[float]:
    effects = structure.effects.numpy()[member]
    trend = 0.1 * structure.trend.numpy()[member]
    trust = structure.season_trust.numpy()[member]
    decay = np.log1p(np.exp(structure.forgetting.numpy()[member, 0]))
    adjusted = [history[t] - effects @ calendar[t, :2] for t in range(WINDOW)]
    years = np.array([adjusted[WINDOW - 12 * (k + 1) : WINDOW - 12 * k] for k in range(5)])
    weights = np.exp(-0.1 * np.arange(5))
    for _ in range(2):
        deviation = np.array([year - year.mean() for year in years])
        usual = sum(w * d for w, d in zip(weights, deviation, strict=True)) / weights.sum()
        for k in range(5):
            for m in range(12):
                stray = deviation[k, m] - usual[m]
                years[k, m] += 0.08 * np.tanh(stray / 0.08) - stray
    answers = []
    for h in range(12):
        season = total = 0.0
        for k in range(looks_back):
            weight = np.exp(-decay * k)
            season += weight * (years[k, h] - years[k].mean() - trend * (h - 5.5))
            total += weight
        ahead = trend * (h + 1 + 5.5)
        effect = effects @ calendar[WINDOW + h, :2]
        answers.append(years[0].mean() + ahead + trust * season / total + effect)
    return answers
