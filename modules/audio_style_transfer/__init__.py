"""audio_style_transfer: two recordings to the one in the style of the other."""
