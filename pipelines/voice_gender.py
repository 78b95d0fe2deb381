"""voice_gender's pipeline: `python pipelines/voice_gender.py`, or `tfx … --pipeline_path` of this file."""

from pipelines.entry import main

if __name__ == "__main__":
    main("voice_gender")
