"""What the pipeline costs: `lianxi run name_gender` against a bare script, in one go.

    python benchmarks/pipeline_overhead.py ../shared/data/names/names.csv [--rounds 3]

Prints each component's seconds, the seconds of both as whole processes, and their ratio. The two
alternate, so that a busy machine slows both; the ratio is of the medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from told import tell_figure

HERE = Path(__file__).resolve().parent


def time_run(command: list[str]) -> tuple[float, str]:
    """Runs a command: wall-clock seconds, and the last line that it prints."""
    start = time.perf_counter()
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(process.stderr[-2000:])
    return seconds, process.stdout.strip().splitlines()[-1]


def main() -> None:
    """Runs both in turn and prints the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a CSV file of names and genders")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    lianxi = str(Path(sys.executable).parent / "lianxi")
    bare_s, pipeline_s = [], []
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as folder:
            script = str(HERE / "bare_name_gender.py")
            seconds, said = time_run(
                [sys.executable, script, str(arguments.data), f"{folder}/bare"]
            )
            bare_s.append(seconds)
            print(f"bare script  {seconds:6.1f} s  {said}", flush=True)
            command = [lianxi, "run", "name_gender", "--data", str(arguments.data)]
            seconds, said = time_run([*command, "--root", f"{folder}/run", "--json"])
            pipeline_s.append(seconds)
            result = json.loads(said)
            accuracy = result["metrics"]["accuracy"]["value"]
            print(f"pipeline     {seconds:6.1f} s  accuracy {accuracy:.4f}", flush=True)
            for component in result["components"]:
                print(f"  {component['name']:<18}{component['seconds']:6.1f} s")
            inside = sum(component["seconds"] for component in result["components"])
            print(f"  {'start-up and rest':<18}{seconds - inside:6.1f} s")
    ratio = statistics.median(pipeline_s) / statistics.median(bare_s)
    print(f"medians of {arguments.rounds}:")
    tell_figure("pipeline over bare script", ratio)


if __name__ == "__main__":
    main()
