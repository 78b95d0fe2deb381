"""music_rbm as a TFX pipeline, for Python and for `tfx … --pipeline_path`."""

from pipelines.entry import main

if __name__ == "__main__":
    main("music_rbm")
