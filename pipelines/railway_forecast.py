"""railway_forecast's pipeline: `python pipelines/railway_forecast.py`, or `tfx … --pipeline_path` of this file."""

from pipelines.entry import main

if __name__ == "__main__":
    main("railway_forecast")
