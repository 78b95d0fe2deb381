"""voice_gender: acoustic properties of a voice, or a recording of it, to female or male."""
