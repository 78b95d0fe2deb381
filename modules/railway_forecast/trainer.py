"""railway_forecast: the Trainer's entry point."""

from __future__ import annotations

from typing import Any

from modules.common.training import loop
from modules.railway_forecast.model import build_model
from modules.railway_forecast.signatures import RailwayForecastServable
from modules.railway_forecast.task import TASK


def run_fn(fn_args: Any) -> None:
    """Trains and exports; TFX's Trainer calls this."""
    loop.run(fn_args, TASK, build_model, RailwayForecastServable)
