"""name_gender's pipeline: `python pipelines/name_gender.py`, or `tfx … --pipeline_path` of this file."""

from pipelines.entry import main

if __name__ == "__main__":
    main("name_gender")
