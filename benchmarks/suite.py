"""What `python -m benchmarks` runs: each with what it compares, how it is called, and its goals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
_NAMES = SHARED / "names" / "names.csv"
_CLIPS = SHARED / "audio_style"


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What a figure is to reach.

    Attributes:
        bound: The figure.
        is_most: Whether less is better; more is otherwise.
    """

    bound: float
    is_most: bool = False


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """One program in this folder.

    Attributes:
        name: What it is called here.
        compares: What with what, in words.
        script: Its file.
        arguments: Of its command line, with which it takes minutes.
        needs: Files and folders without which it cannot be run.
        goals: Of the figures that it tells, by their names; of others less is better where they
            are seconds, and more where they are ratios.
        limit_s: Longest that it may take.
    """

    name: str
    compares: str
    script: str
    arguments: tuple[str, ...] = ()
    needs: tuple[Path, ...] = ()
    goals: Mapping[str, Goal] = field(default_factory=dict)
    limit_s: float = 900.0


SUITE = (
    Benchmark(
        name="overhead",
        compares="`lianxi run name_gender` on 42,089 names with a bare script that does the same",
        script="pipeline_overhead.py",
        arguments=(str(_NAMES), "--rounds", "3"),
        needs=(_NAMES,),
        goals={"pipeline over bare script": Goal(bound=1.25, is_most=True)},
    ),
    Benchmark(
        name="starts",
        compares="commands that have little to do, as whole processes",
        script="starts.py",
        arguments=("--rounds", "3", "--setup"),
        goals={
            "run, nothing changed, wall clock": Goal(bound=2.0, is_most=True),
            "predict, no server, wall clock": Goal(bound=3.0, is_most=True),
            "predict, by a server, wall clock": Goal(bound=3.0, is_most=True),
            "evaluate, wall clock": Goal(bound=1.0, is_most=True),
            "make setup, processor": Goal(bound=30.0, is_most=True),
        },
    ),
    Benchmark(
        name="mfcc",
        compares="MFCC of a batch in the graph with librosa file by file",
        script="mfcc.py",
        arguments=("--rounds", "10"),
        goals={
            "16,000 Hz, elapsed": Goal(bound=6.0),
            "22,050 Hz, elapsed": Goal(bound=6.0),
        },
    ),
    Benchmark(
        name="style",
        compares="audio_style_transfer in the graph with the original's way, 10 s, 30 iterations",
        script="style_original.py",
        arguments=(
            str(_CLIPS / "5703-47212-0000.hq.ogg"),
            str(_CLIPS / "Kevin_MacLeod_-_Vibe_Ace.hq.ogg"),
            *("--iterations", "30"),
        ),
        needs=(_CLIPS,),
        goals={"30 iterations": Goal(bound=3.0)},
    ),
    Benchmark(
        name="chatbot",
        compares="seq2seq_chatbot's training with the original's bucketed way, pairs a second",
        script="chatbot_original.py",
        arguments=(str(SHARED / "dialogue"), "--rounds", "3", "--seconds", "20"),
        needs=(SHARED / "dialogue",),
        goals={"pairs a second": Goal(bound=1.5)},
    ),
    Benchmark(
        name="pixelcnn",
        compares="pixelcnn's cached sampler with a whole pass for each value, 64x64x3",
        script="pixelcnn_sampling.py",
        arguments=("--values", "300"),
        goals={"1 at a time": Goal(bound=300.0), "16 at a time": Goal(bound=2500.0)},
    ),
    Benchmark(
        name="dream",
        compares="deep_dream in the graph with the original's session for each tile, 1024x1024",
        script="dream_original.py",
        goals={"elapsed": Goal(bound=2.0)},
    ),
    Benchmark(
        name="pictures",
        compares="ExampleGen of 10,000 pictures with decoding them in two processes, and with half",
        script="image_ingest.py",
        arguments=("--rounds", "1", "--seconds", "10"),
        goals={
            "over decoding in two processes": Goal(bound=1.3, is_most=True),
            "10,000 over 5,000 pictures": Goal(bound=2.2, is_most=True),
        },
    ),
    Benchmark(
        name="drawing",
        compares="captchas and strips drawn in ExampleGen's processes with one loop",
        script="drawing.py",
        arguments=("--examples", "2000", "--rounds", "3"),
    ),
)
