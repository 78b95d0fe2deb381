"""Whether the names of pictures are what they show: lists beside them come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from components.example_gen.pictures.image_reader import find_labelled_path, split_of_picture
from components.example_gen.read_config import ReadConfig
from modules.common.declaring.registry import import_function
from modules.common.declaring.sources import SkipFile
from modules.common.pictures.label_lists import find_list
from modules.common.pictures.name_labels import check_names
from modules.common.pictures.sources import ImageFolderSource
from modules.common.reading.unread_files import all_files


def prepare(pictures: Sequence[str], config: ReadConfig) -> ReadConfig:
    """Adds what lists say, or else makes sure that names can be texts.

    Args:
        pictures: Their paths, relative to the data folder.
        config: Its source must be an `ImageFolderSource` with `named_after`.

    Raises:
        DataError: If the names cannot be what the pictures show, or a list is not understood.
    """
    if config.settings.names == "trusted":
        return config
    if "://" not in config.data_dir:
        known = set(pictures)
        others = [path for path in all_files(config.data_dir) if path not in known]
        found = find_list(config.data_dir, pictures, others)
        if found:
            return replace(config, labels=found)
    check_names(_texts(pictures, config))
    return config


def _texts(pictures: Sequence[str], config: ReadConfig) -> dict[str, str]:
    source: ImageFolderSource = config.source
    labeler = import_function(source.labeler)
    texts: dict[str, str] = {}
    for picture in pictures:
        try:
            split_of_picture(picture, config)
            features = labeler(find_labelled_path(picture, config), config.settings)
        except (SkipFile, ValueError):
            continue
        texts[picture] = str(features[source.named_after])
    return texts
