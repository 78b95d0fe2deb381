"""chinese_asr: makes sample data, in the layout of the real one."""
