"""railway_forecast: the Trainer's entry point."""

from __future__ import annotations

from modules.common.training.entry_points import entry_points
from modules.railway_forecast.model import build_model
from modules.railway_forecast.signatures import RailwayForecastServable
from modules.railway_forecast.task import TASK

run_fn, _ = entry_points(TASK, build_model, RailwayForecastServable)
