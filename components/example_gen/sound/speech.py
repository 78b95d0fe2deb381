"""Recordings of speech with transcripts to examples, split by folders or else by speakers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from tfx.dsl.components.base import executor_spec

from components.example_gen.base import SourceExampleGen, SourceExecutor
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import SET_ASIDE, Reject
from components.example_gen.sound.speech_reader import Utterance, read_utterance
from components.example_gen.sound.speech_splits import (
    choose_splits,
    condition_words,
    name_speakers,
    tell_by_folders,
    tell_by_lists,
)
from components.example_gen.sound.transcript_files import check_columns, pair, read_transcripts
from modules.common.sound.sources import SpeechSource
from modules.common.sound.transcripts import SOUND_SUFFIXES, RecordingIndex, condition_of

Item = Utterance | Reject


class Executor(SourceExecutor):
    """Reads utterances. Items are recordings with their transcripts, and rejects of both."""

    reader = staticmethod(read_utterance)
    in_processes = True

    @classmethod
    def items(cls, config: ReadConfig, patterns: Sequence[str]) -> list[Item]:
        """Finds recordings and transcripts, pairs them and says where each goes.

        Args:
            config: What the reader will be told.
            patterns: Globs of both; of one list and the recordings, where a person named it.

        Raises:
            DataError: If there are no recordings or no transcripts, if no list names a recording,
                or if a split would be left without an utterance.
        """
        source: SpeechSource = config.source

        def find(globs: Sequence[str]) -> list[str]:
            return [config.relative(path) for path in super(Executor, cls).items(config, globs)]

        found = find(patterns)
        files = [path for path in found if not _is_sound(path)] or find(source.transcripts)
        recordings = find(source.recordings)
        links = sorted({path for path in found if _is_sound(path)} - set(recordings))
        told = tell_by_folders(recordings, links, config.settings)
        index = RecordingIndex(recordings)
        lines, unread = read_transcripts(files, index, config)
        pairs = pair(lines, recordings, index)
        check_columns(lines, pairs, config)
        tell_by_lists(told, pairs.files, config.settings)
        with_text = pairs.texts.keys() - told.unused.keys()
        usable = [recording for recording in recordings if recording in with_text]
        speakers = name_speakers(usable, pairs.speakers, config.settings)
        chosen = choose_splits(speakers, told, source.eval_percent, config.settings)
        words = condition_words(config.settings)
        items: list[Item] = [
            Reject(recording, "", splits, SET_ASIDE)
            if isinstance(splits, str)
            else Utterance(
                path=recording,
                text=pairs.texts[recording],
                speaker=speakers[recording],
                condition=pairs.conditions.get(recording) or condition_of(recording, words),
                splits=splits,
            )
            for recording, splits in chosen.items()
        ]
        items += pairs.rejects
        items += [Reject(path, "", reason, SET_ASIDE) for path, reason in told.unused.items()]
        items += [
            _without_transcript(path, unread.get(path, ""))
            for path in pairs.without
            if path not in told.unused
        ]
        return items

    @classmethod
    def notes(cls, items: Sequence[Item], config: ReadConfig) -> list[str]:
        """Says that neither lists nor names tell speakers, where each recording counts as one."""
        utterances = [item for item in items if isinstance(item, Utterance)]
        if not utterances or any(item.speaker != item.path for item in utterances):
            return []
        return [
            f"each of the {len(utterances):,} recordings counts as a speaker of its own, as far as "
            f"names tell: the same voice may be on both sides of the split"
        ]


def _without_transcript(path: str, unread: str) -> Reject:
    if unread:
        return Reject(path, "", f"not used: {unread} names it, which is not read", SET_ASIDE)
    return Reject(path, "", "the recording has no transcript")


def _is_sound(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in SOUND_SUFFIXES


class SpeechExampleGen(SourceExampleGen):
    """ExampleGen for `SpeechSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
