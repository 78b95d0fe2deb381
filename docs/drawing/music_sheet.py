"""What drawn music is like, beside real music: figures, and a picture of piano rolls.

    lianxi run music_rbm --data midi --root runs/rnn_nade
    lianxi run music_rbm --data midi --root runs/rnn_rbm --model rnn_rbm
    python docs/drawing/music_sheet.py sheet.png midi rnn_nade=runs/rnn_nade rnn_rbm=runs/rnn_rbm

Of the folder's tunes stretches are taken at random; of each model as many pieces are drawn, with
the seeds 0, 1, 2 and so on. `independent` are notes drawn each for itself, as often as in the
tunes. The picture and the figures of docs/music_rbm.md are made with this.
"""

from __future__ import annotations

import argparse
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
import tensorflow as tf

from modules.common.midi.midi_files import MidiError
from modules.common.midi.note_state import PITCHES, STEPS_PER_BEAT, read_tune
from modules.music_rbm.figures import Figures, measure
from modules.music_rbm.piano_roll import draw_piano_rolls


def tunes_in(folder: Path, steps: int) -> list[np.ndarray]:
    """Reads the tunes in 2/4 or 4/4 that are long enough: bool `[steps, 156]` each."""
    found = []
    for path in sorted(folder.rglob("*.mid")):
        try:
            tune = read_tune(path.read_bytes())
        except MidiError:
            continue
        if len(tune.note_state) >= steps and set(tune.metres) <= {"2/4", "4/4"}:
            found.append(tune.note_state)
    return found


def independent(tunes: list[np.ndarray], steps: int, random: np.random.Generator) -> np.ndarray:
    """Draws a piece of independent notes, mended as the models' are."""
    frequency = np.concatenate(tunes).mean(axis=0)
    on = random.random((steps, 2 * PITCHES)) < frequency
    before = np.zeros(PITCHES, bool)
    for step in on:
        before = step[PITCHES:] | (step[:PITCHES] & before)
        step[:PITCHES] = before
    return on


def pieces_of(root: Path, count: int, steps: int, temperature: float) -> list[np.ndarray]:
    """Draws pieces from the model that was pushed last below `root`."""
    [*_, newest] = sorted(path.parent for path in root.rglob("models/*/*/saved_model.pb"))
    serve = tf.saved_model.load(str(newest)).signatures["serving_default"]
    order = {
        "steps": tf.constant([steps], tf.int64),
        "gibbs_steps": tf.constant([50], tf.int64),
        "temperature": tf.constant([temperature]),
        "primer": tf.zeros([1, 0, 2 * PITCHES], tf.uint8),
    }
    return [
        serve(seed=tf.constant([seed], tf.int64), **order)["note_state"].numpy()[0].astype(bool)
        for seed in range(count)
    ]


def row(pieces: list[np.ndarray]) -> str:
    """Says what pieces are like, as cells of a table."""
    sounding = np.concatenate(pieces)[:, :PITCHES].sum(axis=1)
    cells = [f"{value:.2f}" for value in astuple(measure(pieces))]
    return " | ".join([*cells, f"{sounding.mean():.2f}", f"{(sounding == 0).mean():.0%}"])


def main() -> None:
    """Reads the arguments, draws, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("picture", type=Path, help="PNG to write")
    parser.add_argument("data", type=Path, help="folder of MIDI files")
    parser.add_argument("models", nargs="*", help="NAME=ROOT of runs")
    parser.add_argument("--pieces", type=int, default=20)
    parser.add_argument("--steps", type=int, default=256)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=7, help="of the stretches of tunes")
    given = parser.parse_args()

    random, tunes = np.random.default_rng(given.seed), tunes_in(given.data, given.steps)
    shares = np.array([len(tune) for tune in tunes]) / sum(map(len, tunes))
    stretches = []
    for number in random.choice(len(tunes), given.pieces, p=shares):
        # From the beginning of a beat.
        beats = (len(tunes[number]) - given.steps) // STEPS_PER_BEAT
        first = STEPS_PER_BEAT * int(random.integers(beats + 1))
        stretches.append(tunes[number][first : first + given.steps])
    music = {
        "tunes": stretches,
        "independent": [independent(tunes, given.steps, random) for _ in range(given.pieces)],
    }
    for model in given.models:
        name, _, root = model.partition("=")
        music[name] = pieces_of(Path(root), given.pieces, given.steps, given.temperature)
    names = [field.name.replace("_", " ") for field in fields(Figures)]
    print(f"| | {' | '.join(names)} | sounding | silent steps |")
    print("|---" * (len(names) + 3) + "|")
    for name, pieces in music.items():
        print(f"| {name} | {row(pieces)} |")
    print(f"{given.pieces} pieces of {given.steps} steps")
    given.picture.write_bytes(draw_piano_rolls({name: pieces[0] for name, pieces in music.items()}))


if __name__ == "__main__":
    main()
