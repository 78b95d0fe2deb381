"""Sound and speech: layouts, formats, transcripts, and spectra in the graph."""
