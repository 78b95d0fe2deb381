"""audio_style_transfer: makes sample data, in the layout of the real one."""
