"""Layouts of recordings, as tasks declare them: speech with transcripts, and clips without labels.

All recordings are read the same way, whatever their kind, rate and number of channels: mixed to
mono, resampled once, to the setting `sample_rate_hz`, and kept as 16-bit PCM.
`docs/sound.md` says what becomes of those that are cut off, silent or too long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from modules.common.declaring.settings import Settings
from modules.common.declaring.sources import Amount, Joining, Source
from modules.common.reading.data_files import has_files
from modules.common.reading.file_endings import SOUND, globs
from modules.common.sound.settings import SoundSettings, SpeechSettings

BYTES_PER_SAMPLE = 2
"""Of what is kept of a recording, 16-bit PCM."""


def _recordings(*folders: str) -> tuple[str, ...]:
    """Globs of the recordings in folders, hidden files aside; a folder is a glob ending in `/`."""
    return tuple(glob for folder in folders for glob in globs(SOUND, folder))


_KALDI_FILES = ("wav.scp", "utt2spk", "segments")
# Each glob costs a walk of the folder: one for csv, tsv, txt and trn, one for list and json.
_LISTS = tuple(
    f"{'[!.]*/' * depth}{name}"
    for depth in range(5)
    for name in (
        "[!.]*.[cCtT][sSxXrR][vVtTnN]",
        "[!.]*.[lLjJ][iIsS][sSoO][tTnN]",
        "[!.]*.[jJ][sS][oO][nN][lL]",
        *("text", "transcripts", *_KALDI_FILES),
    )
)


@dataclass(frozen=True, kw_only=True)
class AudioFolderSource(Source):
    """A folder of recordings for each class: `<class>/*.wav` or `<class>/<speaker>/*.wav`.

    A speaker is on one side of the split, and no class is on one side only.

    Attributes:
        classes: Folder names and the label each stands for.
        featurizer: Import path of a function `(samples float32[n], sample_rate_hz) -> raw
            features`, mono samples at the file's own rate, that raises `ValueError` with the
            reason for a recording that it cannot use.
        label: Raw feature that gets the class's label.
        key: Gives the split key of a path relative to the data folder: usually the speaker.
    """

    component: ClassVar[str] = "components.example_gen.sound.audio_folder.AudioFolderExampleGen"
    joining: ClassVar[Joining] = Joining(numbered=("*",))

    classes: Mapping[str, str]
    featurizer: str
    label: str
    key: Callable[[str], str]

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs of the recordings in the folders that `pattern` finds, and in folders of these."""
        folder = self.pattern.removesuffix("*")
        return tuple(glob for inner in ("", "[!.]*/") for glob in globs(SOUND, f"{folder}{inner}"))


@dataclass(frozen=True, kw_only=True)
class SoundSource(Source):
    """What all layouts of recordings share.

    The settings that are read: `sample_rate_hz`, the rate that all recordings are brought
    to; `max_seconds`, above which one is quarantined.

    Attributes:
        recordings: Globs of the recordings, relative to the data folder.
        pcm: Raw feature that gets the recording: bytes, 16-bit little-endian mono PCM at
            `sample_rate_hz`.
    """

    settings: ClassVar[tuple[type[Settings], ...]] = (SoundSettings,)
    pattern: str = ""
    recordings: ClassVar[tuple[str, ...]] = ()
    pcm: str = "pcm"

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs of the files, all of which TFX fingerprints."""
        return self.recordings

    def amounts(self, settings: Settings) -> tuple[Amount, ...]:
        """Counts hours of sound; `settings` has `sample_rate_hz`."""
        assert isinstance(settings, SoundSettings)
        bytes_each = 3600 * settings.sample_rate_hz * BYTES_PER_SAMPLE
        return (Amount(words="hours of sound", feature=self.pcm, bytes_each=bytes_each),)


@dataclass(frozen=True, kw_only=True)
class SpeechSource(SoundSource):
    """Recordings of speech with their transcripts. Derived classes are the layouts.

    Raw features: `pcm`, `text`, `text_length`, `speaker` and `condition`. Further settings that
    are read: `min_file_bytes`, below which a recording is set aside; `eval_folder`, the folder to
    evaluate on where folders tell the split; `eval_on`, `held_out` or `train`, which puts every
    utterance of the training data on both sides; `conditions`, words of paths that tell how a
    recording was made.

    Where folders do not tell the split, speakers do: `eval_percent` of them are held out, at least
    one, so that no speaker is on both sides.

    Attributes:
        transcripts: Globs of the transcripts, relative to the data folder.
        arrangement: `lines`: each file has lines of an ID and its words; `beside`: each recording
            has a file of its own; `list`: one of the files is the list of the recordings.
        text: Raw feature that gets the normalized transcript: hanzi, digits and Latin letters in
            lower case, without blanks and punctuation.
        text_length: Raw feature that gets the band of the transcript's length in characters:
            `1-5`, `6-10`, `11-20` or `21+`.
        speaker: Raw feature that gets the speaker.
        condition: Raw feature that gets how the recording was made, such as `noisy`, or
            `not said`.
    """

    settings: ClassVar[tuple[type[Settings], ...]] = (SpeechSettings,)
    component: ClassVar[str] = "components.example_gen.sound.speech.SpeechExampleGen"
    transcripts: ClassVar[tuple[str, ...]] = ()
    arrangement: ClassVar[Literal["lines", "beside", "list"]]

    text: str = "text"
    text_length: str = "text_length"
    speaker: str = "speaker"
    condition: str = "condition"

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs of the transcripts and the recordings, all of which TFX fingerprints."""
        return (*self.transcripts, *self.recordings)

    @property
    def companions(self) -> tuple[str, ...]:
        """Globs of the recordings, which the transcripts name."""
        return self.recordings

    def amounts(self, settings: Settings) -> tuple[Amount, ...]:
        """Counts hours of sound and speakers; `settings` has `sample_rate_hz`."""
        return (*super().amounts(settings), Amount(words="speakers", feature=self.speaker))

    def matches(self, folder: Path) -> bool:
        """Tells whether `folder` holds both a transcript and a recording of this layout."""
        return all(has_files(folder, globs) for globs in (self.transcripts, self.recordings))


@dataclass(frozen=True, kw_only=True)
class WordFileSource(SpeechSource):
    """THCHS-30 as openslr has it now: `wav/train/**/*.wav` with `doc/trans/train.word.txt`.

    A transcript's line is `ID words`, the words parted by blanks; the recording is `ID.wav` (or
    flac, ogg, mp3) in a folder for its split, or in a folder of that. `wav/test` is what the model
    is evaluated on, unless `eval_folder` names another; `wav/train`, `wav/dev` and `wav/cv` are
    what it learns from. Without a folder to evaluate on, speakers are held out.
    """

    joining: ClassVar[Joining] = Joining(numbered=("doc/trans/*",), ending=".word.txt")
    transcripts: ClassVar[tuple[str, ...]] = ("doc/trans/[!.]*.word.txt",)
    recordings: ClassVar[tuple[str, ...]] = _recordings("wav/[!.]*/", "wav/[!.]*/[!.]*/")
    arrangement: ClassVar[Literal["lines", "beside", "list"]] = "lines"

    layout: str = (
        "THCHS-30 as wav/train/*.wav (and wav/test, wav/dev; flac, ogg and mp3 too) with "
        "doc/trans/train.word.txt, lines of ID and words"
    )


@dataclass(frozen=True, kw_only=True)
class SideFileSource(SpeechSource):
    """THCHS-30 as `data_thchs30`: `data/*.wav`, each with a `.wav.trn` beside it.

    The first line of a `.trn` has the words, later ones pinyin and phonemes. The folders `train`,
    `dev` and `test` beside `data` tell the split by the names of what they hold, which is links in
    the original; without one to evaluate on, speakers are held out.
    """

    joining: ClassVar[Joining] = Joining()
    transcripts: ClassVar[tuple[str, ...]] = ("data/[!.]*.[tT][rR][nN]",)
    recordings: ClassVar[tuple[str, ...]] = _recordings("data/")
    arrangement: ClassVar[Literal["lines", "beside", "list"]] = "beside"

    layout: str = (
        "THCHS-30 as data/*.wav (flac, ogg and mp3 too) with data/*.wav.trn, the words in its "
        "first line"
    )

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs of the files, and of those whose names tell the split."""
        return (*self.transcripts, *self.companions)

    @property
    def companions(self) -> tuple[str, ...]:
        """Globs of the recordings, and of the links to them."""
        return _recordings("[!.]*/")


@dataclass(frozen=True, kw_only=True)
class ListedSpeechSource(SpeechSource):
    """A list of recordings and their transcripts, or a file with the transcript beside each.

    A list is a table, its columns in any order where a header says what they are; without a header
    path or ID, text, and perhaps the speaker after a tab. Or it is JSON, an object a line; or
    Kaldi's `text`, with `wav.scp` and `utt2spk` beside it. Of several lists the one is used whose
    text is in hanzi for most recordings; `train/content.txt` and `test/content.txt` are one, and
    so are `train.csv` and `test.csv`.
    Lists and recordings lie in the folder, or up to four folders below; folders named `train`,
    `test` and so on, or these in `wav`, tell the split, and else the names of lists do.
    """

    joining: ClassVar[Joining] = Joining(
        refusal="of several lists of recordings one is read, and the others are not"
    )
    transcripts: ClassVar[tuple[str, ...]] = _LISTS
    recordings: ClassVar[tuple[str, ...]] = _recordings(*("[!.]*/" * depth for depth in range(5)))
    arrangement: ClassVar[Literal["lines", "beside", "list"]] = "list"

    layout: str = (
        "AISHELL or another list of recordings (wav, flac, ogg, mp3), as csv, tsv, txt, list, json "
        "or Kaldi's text: columns in any order under a header, or path or ID, text and perhaps "
        "speaker, parted by tabs (or path and text by blanks or a comma); or a txt or trn beside "
        "each recording"
    )

    @property
    def companions(self) -> tuple[str, ...]:
        """Globs of the recordings, and of what says more of them in Kaldi's folders."""
        return (*_KALDI_FILES, *self.recordings)


@dataclass(frozen=True, kw_only=True)
class ClipSource(SoundSource):
    """A folder of recordings without labels, or folders of them.

    Raw features: `pcm` and `name`. Clips are kept whole. `eval_percent` of them, at least one, go
    to the evaluation split, by rank of a digest of their paths.

    Attributes:
        name: Raw feature that gets the file's name.
    """

    component: ClassVar[str] = "components.example_gen.sound.clips.ClipExampleGen"
    joining: ClassVar[Joining] = Joining()
    recordings: ClassVar[tuple[str, ...]] = _recordings("", "[!.]*/")

    layout: str = "a folder of recordings (wav, flac, ogg, mp3), or folders of them"
    eval_percent: int = 40
    name: str = "name"
