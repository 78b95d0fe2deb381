"""Settings of models that tasks share."""

from __future__ import annotations

from modules.common.declaring.settings import Settings, setting
from modules.common.models.backbone_specs import BACKBONES


class BackboneSettings(Settings):
    """For models with a backbone."""

    backbone: str = setting(
        "tiny",
        choices=tuple(BACKBONES),
        doc="Network that makes feature maps of a picture; tiny needs no weights.",
    )
    weights: str = setting(
        "",
        is_file=True,
        doc="Path of the backbone's weights; squeezenet and frozen_graph need one, the networks of "
        "Keras may have theirs in its cache.",
    )
