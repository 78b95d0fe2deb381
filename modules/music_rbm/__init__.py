"""music_rbm: MIDI files to new music."""
