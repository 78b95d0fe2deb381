"""MIDI files to examples."""
