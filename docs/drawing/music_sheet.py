"""What drawn music is like, beside real music: figures, and a picture of piano rolls.

    lianxi run music_rbm --data midi --root runs/rbm
    lianxi run music_rbm --data midi --root runs/rnn_rbm --model rnn_rbm
    python docs/drawing/music_sheet.py sheet.png midi rbm=runs/rbm rnn_rbm=runs/rnn_rbm

Of the folder's tunes stretches are taken at random; of each model as many pieces are drawn, with
the seeds 0, 1, 2 and so on. `independent` are notes drawn each for itself, as often as in the
tunes. The picture and the figures of docs/music_rbm.md are made with this.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import tensorflow as tf

from modules.common.midi.midi_files import MidiError
from modules.common.midi.note_state import (
    LOWEST_PITCH,
    PITCHES,
    STEPS_PER_BEAT,
    list_notes,
    read_tune,
)
from modules.music_rbm.piano_roll import draw_piano_rolls

_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_OCTAVE = 12


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


def in_key(notes: np.ndarray) -> float:
    """Share of the notes that are in the major scale that has the most of them."""
    classes = np.bincount(notes[:, 2] % _OCTAVE, minlength=_OCTAVE)
    scales = [classes[[(tonic + d) % _OCTAVE for d in _MAJOR]].sum() for tonic in range(_OCTAVE)]
    return float(max(scales) / classes.sum())


def figures(pieces: list[np.ndarray]) -> str:
    """Says what pieces are like, as cells of a table."""
    by_piece = [notes for notes in map(list_notes, pieces) if len(notes)]
    notes, music = np.concatenate(by_piece), np.concatenate(pieces)
    sounding = music[:, :PITCHES].sum(axis=1)
    low, middle, high = np.percentile(notes[:, 2], (5, 50, 95))
    cells = [
        f"{len(notes) / len(music):.2f}",
        f"{sounding.mean():.2f}",
        f"{(sounding == 0).mean():.0%}",
        f"{(notes[:, 1] - notes[:, 0]).mean():.2f}",
        f"{(notes[:, 0] % STEPS_PER_BEAT == 0).mean():.0%}",
        f"{low:.0f}, {middle:.0f}, {high:.0f}",
        f"{np.mean([in_key(notes) for notes in by_piece]):.0%}",
    ]
    return " | ".join(cells)


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
    print(
        "| | notes a step | sounding | silent steps | steps a note lasts | begin on a beat | "
        "pitches 5 %, half, 95 % | in one key |"
    )
    print("|---" * 8 + "|")
    for name, pieces in music.items():
        print(f"| {name} | {figures(pieces)} |")
    print(f"pitches are MIDI's, {LOWEST_PITCH} the lowest; {given.pieces} pieces of {given.steps}")
    given.picture.write_bytes(draw_piano_rolls({name: pieces[0] for name, pieces in music.items()}))


if __name__ == "__main__":
    main()
