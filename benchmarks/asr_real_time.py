"""Real-time factor of chinese_asr: seconds of computing for each second of sound.

    python benchmarks/asr_real_time.py lianxi_runs/models/chinese_asr RECORDING...
    python benchmarks/asr_real_time.py MODEL FOLDER --beam-width 1 8 64 --lm-weight 0 0.5

The model is one that a run pushed; it is served by the embedded server in this process, and asked
over gRPC as `lianxi predict` asks. Recordings are wav, flac, ogg or mp3 of any rate, or folders of
them. What is timed is the whole way: sending, resampling, features, network and decoding, not the
loading of the model, which is asked once for each recording before the clock runs. One recording
is in a request, unless `--batch` says otherwise: then so many share one, and the factor falls. A
factor of 0.3 means that ten seconds of speech take three.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from lianxi_client import Client
from modules.common.asking.request_files import read_recording
from modules.common.runtime.errors import LianxiError
from serving.config import ServerConfig
from serving.server import Server

_TASK = "chinese_asr"
_KINDS = (".wav", ".flac", ".ogg", ".mp3")
_LOAD_TIMEOUT_S = 300.0


def files(named: list[Path]) -> list[Path]:
    """The recordings that were named, those in folders among them.

    Raises:
        LianxiError: If there is none.
    """
    found = []
    for path in named:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [one for one in inside if not path.is_dir() or one.suffix.lower() in _KINDS]
    if not found:
        raise LianxiError(f"expected recordings ({', '.join(_KINDS)}), found none in {named}")
    return found


def measure(
    client: Client, wavs: list[bytes], batch: int, rounds: int, width: int, weight: float
) -> tuple[float, list[float]]:
    """Asks for every recording several times.

    Returns:
        Seconds of sound, and the seconds that each round took.
    """
    pieces = [wavs[start : start + batch] for start in range(0, len(wavs), batch)]

    def ask_all() -> Iterator[float]:
        for piece in pieces:
            answer = client.predict(
                _TASK,
                wav=piece,
                beam_width=[width] * len(piece),
                lm_weight=[weight] * len(piece),
            )
            yield from answer["duration_s"]

    sound_s = float(sum(ask_all()))
    times = []
    for _ in range(rounds):
        began_s = time.perf_counter()
        list(ask_all())
        times.append(time.perf_counter() - began_s)
    return sound_s, times


def main() -> None:
    """Prints a line for each width and weight."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="folder of the pushed model's versions")
    parser.add_argument("recordings", type=Path, nargs="+", help="files, or folders of files")
    parser.add_argument("--beam-width", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--lm-weight", type=float, nargs="+", default=[0.0, 0.5])
    parser.add_argument("--batch", type=int, default=1, help="recordings in a request")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is taken")
    arguments = parser.parse_args()
    try:
        wavs = [read_recording(_TASK, str(path)) for path in files(arguments.recordings)]
    except LianxiError as error:
        sys.exit(str(error))
    with Server({_TASK: arguments.model}, ServerConfig(port=0)) as server:
        server.wait_until_available(_TASK, _LOAD_TIMEOUT_S)
        with Client(f"localhost:{server.port}", timeout_s=600.0) as client:
            for width, weight in itertools.product(arguments.beam_width, arguments.lm_weight):
                sound_s, times = measure(
                    client, wavs, arguments.batch, arguments.rounds, width, weight
                )
                median_s = statistics.median(times)
                print(
                    f"beam width {width:2}, language model {weight:g}: {len(wavs)} recordings of "
                    f"{sound_s:.1f} s in {median_s:.2f} s (from {min(times):.2f} to "
                    f"{max(times):.2f}), real-time factor {median_s / sound_s:.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
