"""Beam's own runner, in the process of the run."""

from __future__ import annotations

# Another runner than this one would have TFX pack itself as a source distribution for every
# component, unless an image is named; this one ignores it.
UNPACKED = ("--sdk_container_image=unused", "--no_pipeline_type_check")

# Beam's default runner would download a binary.
BEAM_ARGS: tuple[str, ...] = ("--runner=FnApiRunner", "--direct_running_mode=in_memory", *UNPACKED)
