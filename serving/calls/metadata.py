"""The GetModelMetadata call.

Source: `tensorflow_serving/servables/tensorflow/get_model_metadata_impl.cc`.
"""

from __future__ import annotations

from tensorflow_serving.apis import get_model_metadata_pb2

from serving import errors
from serving.models.servable import Servable

_SIGNATURE_DEF = "signature_def"


def check(request: get_model_metadata_pb2.GetModelMetadataRequest) -> None:
    """Checks what can be said without the model.

    Args:
        request: The request.

    Raises:
        ServingError: INVALID_ARGUMENT if it asks for nothing, or for what there is not.
    """
    if not request.metadata_field:
        raise errors.invalid_argument(
            "GetModelMetadataRequest must specify at least one metadata_field"
        )
    for field in request.metadata_field:
        if field != _SIGNATURE_DEF:
            raise errors.invalid_argument(f"Metadata field {field} is not supported")


def describe(servable: Servable) -> get_model_metadata_pb2.GetModelMetadataResponse:
    """Describes the signatures of a model.

    Args:
        servable: The model version.

    Returns:
        All its SignatureDefs.
    """
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, definition in servable.signature_defs.items():
        signatures.signature_def[name].CopyFrom(definition)
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = servable.model
    response.model_spec.version.value = servable.version
    response.metadata[_SIGNATURE_DEF].Pack(signatures)
    return response
