"""Music as MIDI files: layouts, the format, and its states of notes."""
