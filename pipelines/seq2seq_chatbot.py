"""seq2seq_chatbot as a TFX pipeline, for Python and for `tfx … --pipeline_path`."""

from pipelines.entry import main

if __name__ == "__main__":
    main("seq2seq_chatbot")
