"""music_rbm: makes sample data, in the layout of the real one."""
