"""One loaded SavedModel: its signatures, and how many examples it takes at once."""

from __future__ import annotations

from pathlib import Path

import grpc
from google.protobuf import text_format
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow.python.saved_model import load

from modules.common.export.request_limits import read_max_examples
from modules.common.runtime.plain_paths import PlainPaths
from modules.common.runtime.stack import allow_keywords_as_inputs
from serving import errors
from serving.models.signature import Signature

SERVE_TAG = "serve"
DEFAULT_SIGNATURE = "serving_default"


class Servable:
    """A SavedModel in memory.

    Attributes:
        model: Name it is served under.
        version: Its version.
        signature_defs: All SignatureDefs of the SavedModel, also those that cannot be called.
        max_examples: Most examples in a request that the model declares; None if it does not.
    """

    def __init__(self, model: str, version: int, path: Path) -> None:
        """Loads a SavedModel.

        Args:
            model: Name it is served under.
            version: Its version.
            path: Folder that holds `saved_model.pb`.

        Raises:
            Exception: Anything TensorFlow's loader raises for a broken folder.
        """
        self.model = model
        self.version = version
        self.max_examples = _read_max_examples(path)
        meta_graph = _read_meta_graph(path)
        self.signature_defs = dict(meta_graph.signature_def)
        allow_keywords_as_inputs()
        # The loaded object owns the variables and tables that the functions use.
        with PlainPaths() as paths:
            self._loaded = load.load(
                paths.plain(str(path)), tags=list(meta_graph.meta_info_def.tags)
            )
        self._signatures = {
            name: Signature(name, self.signature_defs[name], function)
            for name, function in self._loaded.signatures.items()
            if name in self.signature_defs
        }

    def signature(self, name: str) -> Signature | None:
        """Finds a signature.

        Args:
            name: Its key; empty means `serving_default`.

        Returns:
            The signature, or None if the model has no such.
        """
        return self._signatures.get(name or DEFAULT_SIGNATURE)


def _read_max_examples(path: Path) -> int | None:
    try:
        return read_max_examples(path)
    except ValueError as error:
        raise errors.failed_precondition(str(error)) from None


def _read_meta_graph(path: Path) -> meta_graph_pb2.MetaGraphDef:
    saved_model = saved_model_pb2.SavedModel()
    binary = path / "saved_model.pb"
    try:
        if binary.is_file():
            saved_model.ParseFromString(binary.read_bytes())
        else:
            text = (path / "saved_model.pbtxt").read_text("utf-8")
            text_format.Parse(text, saved_model)
    except (DecodeError, text_format.ParseError, UnicodeDecodeError):
        raise errors.ServingError(
            grpc.StatusCode.DATA_LOSS, f"Can't parse the SavedModel in {path}"
        ) from None
    for meta_graph in saved_model.meta_graphs:
        if SERVE_TAG in meta_graph.meta_info_def.tags:
            return meta_graph
    tags = [sorted(graph.meta_info_def.tags) for graph in saved_model.meta_graphs]
    raise errors.not_found(
        f"Could not find meta graph def matching supplied tags: {{ {SERVE_TAG} }}. "
        f"The SavedModel has {tags}."
    )
