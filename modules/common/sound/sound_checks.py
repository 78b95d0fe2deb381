"""Sound files that are cut off or damaged where a decoder would not say so. No TensorFlow.

libsndfile reads what is left of a WAV or Ogg file that is cut off, passes over damaged Ogg pages,
and guesses how long an MP3 file is that does not say. What a recording says must not end earlier
than its transcript, so such files are refused.
"""

from __future__ import annotations

import zlib

# As in `sound.wav_header`: from here on, a program that wrote to a pipe did not know.
_WAV_UNKNOWN_BYTES = 0x7FFF_0000
_OGG_HEADER_BYTES = 27
_OGG_LAST_PAGE = 4
_MIRRORED_BYTES = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_MP3_LENGTH_TAGS = (b"Xing", b"Info", b"VBRI")
_MP3_FRAME_SAMPLES = 1152
# In kbit/s, by whether it is MPEG-1.
_MP3_RATES = {
    True: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def is_wav(contents: bytes) -> bool:
    """Tells whether a file begins as a WAV file does."""
    return contents[:4] == b"RIFF" and contents[8:12] == b"WAVE"


def check_whole(contents: bytes) -> int | None:
    """Looks for damage that a decoder passes over; FLAC's it does not.

    Args:
        contents: A file's bytes, of whatever kind.

    Returns:
        How many samples there are at least, where the file does not declare it and libsndfile
        guesses; `None` where its header is to be believed.

    Raises:
        ValueError: With the reason, if only a part of it would be decoded.
    """
    if is_wav(contents):
        _check_wav(contents)
    elif contents[:4] == b"OggS":
        _check_ogg(contents)
    elif contents[:3] == b"ID3" or contents[:1] == b"\xff":
        return _count_mp3(contents)
    else:
        _check_container(contents)
    return None


def _check_container(contents: bytes) -> None:
    """Refuses kinds whose header says how many bytes there are, where fewer follow."""
    kind, declared = contents[:4], 0
    if kind == b"FORM":
        declared = 8 + int.from_bytes(contents[4:8], "big")
    elif kind == b".snd":
        start, size = (int.from_bytes(contents[at : at + 4], "big") for at in (4, 8))
        declared = start + size if size < _WAV_UNKNOWN_BYTES else 0
    elif kind == b"riff":
        declared = int.from_bytes(contents[16:24], "little")
    elif kind == b"RF64":
        declared = 8 + int.from_bytes(contents[20:28], "little")
    elif kind == b"caff":
        declared = _caf_end(contents)
    if declared > len(contents):
        raise ValueError(
            f"the file is cut off: its header declares {declared:,} bytes, {len(contents):,} are "
            f"there"
        )


def _caf_end(contents: bytes) -> int:
    """Where the last chunk of a CAF file ends; a size of -1 says that it ends with the file."""
    position = 8
    while position + 12 <= len(contents):
        size = int.from_bytes(contents[position + 4 : position + 12], "big", signed=True)
        if size < 0:
            return len(contents)
        position += 12 + size
    return position


def _check_wav(contents: bytes) -> None:
    position = 12
    while position + 8 <= len(contents):
        size = int.from_bytes(contents[position + 4 : position + 8], "little")
        left = len(contents) - position - 8
        if contents[position : position + 4] == b"data":
            if left < size < _WAV_UNKNOWN_BYTES:
                raise ValueError(
                    f"the WAV file is cut off: its header declares {size:,} bytes of samples, "
                    f"{left:,} follow"
                )
            return
        position += 8 + size + size % 2
    raise ValueError("the WAV file has no samples' chunk; is it cut off?")


def _check_ogg(contents: bytes) -> None:
    """Walks the pages: a decoder passes over damaged ones, and says nothing of missing ones."""
    position, number, is_last = 0, 0, False
    while contents[position : position + 4] == b"OggS":
        number += 1
        segments = int.from_bytes(contents[position + 26 : position + 27], "little")
        end = position + _OGG_HEADER_BYTES + segments
        end += sum(contents[position + _OGG_HEADER_BYTES : end])
        page = contents[position:end]
        if len(page) < max(end - position, _OGG_HEADER_BYTES):
            raise ValueError(f"the Ogg file is cut off within its page {number}")
        if _ogg_checksum(page) != int.from_bytes(page[22:26], "little"):
            raise ValueError(f"the Ogg file is damaged: the checksum of its page {number} is wrong")
        is_last = bool(page[5] & _OGG_LAST_PAGE)
        position = end
    if not is_last:
        what = "damaged" if position < len(contents) else "cut off"
        raise ValueError(f"the Ogg file is {what} after its page {number}, which is not the last")


def _ogg_checksum(page: bytes) -> int:
    """Ogg's CRC has zlib's polynomial, but takes bits in the other order and begins with zeros."""
    mirrored = (page[:22] + bytes(4) + page[26:]).translate(_MIRRORED_BYTES)
    checksum = zlib.crc32(mirrored, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(checksum.to_bytes(4, "little").translate(_MIRRORED_BYTES), "big")


def _count_mp3(contents: bytes) -> int | None:
    """Counts samples where libsndfile guesses: by the file's size and the first frame's rate."""
    position, samples = 0, 0
    if contents[:3] == b"ID3":
        position = 10 + sum((byte & 127) << 7 * (3 - n) for n, byte in enumerate(contents[6:10]))
    first, rates = position, set()
    while frame := _mp3_frame(contents[position : position + 4]):
        bit_rate, size, frame_samples = frame
        if position == first and any(
            name in contents[position : position + size] for name in _MP3_LENGTH_TAGS
        ):
            return None
        rates.add(bit_rate)
        samples += frame_samples
        position += size
    if len(rates) > 1:
        raise ValueError(
            "the MP3 file does not declare its length and its bit rate varies, so that only a part "
            "of it would be read; convert it, to flac say"
        )
    rest = contents[position:]
    is_whole = position <= len(contents) and (rest[:3] in (b"TAG", b"APE") or not any(rest))
    if samples and not is_whole:
        raise ValueError(f"the MP3 file is cut off or damaged after {samples:,} samples")
    # The first frame may begin in one that is not there.
    return max(samples - _MP3_FRAME_SAMPLES, 0) if samples else None


def _mp3_frame(header: bytes) -> tuple[int, int, int] | None:
    """Bit rate in kbit/s, bytes and samples of a frame of layer III; `None` where there is none."""
    bits = int.from_bytes(header, "big")
    version, layer = bits >> 19 & 3, bits >> 17 & 3
    rate_index, frequency_index, padding = bits >> 12 & 15, bits >> 10 & 3, bits >> 9 & 1
    is_frame = len(header) == 4 and bits >> 21 == 0x7FF and layer == 1 and version != 1
    if not is_frame or not 0 < rate_index < 15 or frequency_index == 3:
        return None
    is_first_version = version == 3
    bit_rate = _MP3_RATES[is_first_version][rate_index - 1]
    halvings = {3: 0, 2: 1, 0: 2}[version]
    frequency_hz = (44_100, 48_000, 32_000)[frequency_index] >> halvings
    samples = _MP3_FRAME_SAMPLES if is_first_version else _MP3_FRAME_SAMPLES // 2
    return bit_rate, samples // 8 * 1000 * bit_rate // frequency_hz + padding, samples
