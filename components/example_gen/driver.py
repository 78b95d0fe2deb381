"""What decides whether raw data is read again: the driver of our ExampleGens.

TFX's driver takes the data folder's path for a pattern, and its fingerprint is the number of files,
their bytes and the seconds of their times: files that were renamed, or changed within a second, it
does not notice. It also looks for `{SPAN}` in names; here the spans are found before, so that a
window of several may be read as one, and all that is left is to note them as TFX does.
"""

from __future__ import annotations

from typing import Any

from tfx.components.example_gen import driver, utils
from tfx.orchestration import data_types
from tfx.orchestration.portable import data_types as portable_data_types
from tfx.proto import example_gen_pb2
from tfx.proto.orchestration import driver_output_pb2
from tfx.types import standard_component_specs
from tfx.utils import proto_utils

from components.example_gen.told import SPANS_PROPERTY, read_spans
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
        spans = read_spans(exec_properties)
        exec_properties[utils.SPAN_PROPERTY_NAME] = spans[-1]["number"] if spans else 0
        exec_properties[utils.VERSION_PROPERTY_NAME] = spans[-1]["version"] if spans else None
        exec_properties[utils.FINGERPRINT_PROPERTY_NAME] = fingerprint(files)
        return exec_properties

    def run(
        self, execution_info: portable_data_types.ExecutionInfo
    ) -> driver_output_pb2.DriverOutput:
        """Notes on the examples which spans they are of, too.

        Args:
            execution_info: Of the component that is about to run.
        """
        output = super().run(execution_info)
        spans = read_spans(execution_info.exec_properties)
        for artifact in output.output_artifacts[standard_component_specs.EXAMPLES_KEY].artifacts:
            if spans:
                names = ", ".join(span["name"] for span in spans)
                artifact.custom_properties[SPANS_PROPERTY].string_value = names
        return output
