"""What readers of several kinds of data share: finding files, encodings, tables, splits."""
