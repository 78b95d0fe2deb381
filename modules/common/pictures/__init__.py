"""Pictures: layouts, formats, and what decodes them, in Python and in the graph."""
