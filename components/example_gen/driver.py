"""What decides whether raw data is read again: the driver of our ExampleGens.

TFX's driver takes the data folder's path for a pattern, and its fingerprint is the number of files,
their bytes and the seconds of their times: files that were renamed, or changed within a second, it
does not notice. It also looks for `{SPAN}` in names; which folder is read is known before.
"""

from __future__ import annotations

from typing import Any

from tfx.components.example_gen import driver, utils
from tfx.orchestration import data_types
from tfx.proto import example_gen_pb2
from tfx.types import standard_component_specs
from tfx.utils import proto_utils

from modules.common.reading.data_files import find_files, fingerprint


class Driver(driver.Driver):
    """Fingerprints the files that the reader is going to find."""

    def resolve_exec_properties(
        self,
        exec_properties: dict[str, Any],
        pipeline_info: data_types.PipelineInfo | None,
        component_info: data_types.ComponentInfo | None,
    ) -> dict[str, Any]:
        """Adds the fingerprint, and the span and version that TFX expects.

        Args:
            exec_properties: Those of a `SourceExampleGen`; changed in place.
            pipeline_info: Not used.
            component_info: Not used.

        Raises:
            DataError: If the files cannot be listed.
        """
        inputs = example_gen_pb2.Input()
        proto_utils.json_to_proto(
            exec_properties[standard_component_specs.INPUT_CONFIG_KEY], inputs
        )
        files = find_files(
            exec_properties[standard_component_specs.INPUT_BASE_KEY],
            [split.pattern for split in inputs.splits],
        )
        exec_properties[utils.SPAN_PROPERTY_NAME] = 0
        exec_properties[utils.VERSION_PROPERTY_NAME] = None
        exec_properties[utils.FINGERPRINT_PROPERTY_NAME] = fingerprint(files)
        return exec_properties
