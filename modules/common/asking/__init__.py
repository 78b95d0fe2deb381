"""How a person asks a model: files and numbers to a request, an answer to what is read."""
