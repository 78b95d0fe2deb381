"""Makes Beam build its graphs faster, without changing them.

For pipelines of a few thousand records, building the graph is a good part of the time: Beam makes
an argument parser each time it looks at an option, a thousand times a component, and inspects the
same functions tens of thousands of times. Both answers are remembered for the length of a run.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms import core, ptransform
from apache_beam.typehints import decorators

from modules.common.runtime.replacing import replace_attribute


@contextmanager
def quick_construction() -> Iterator[None]:
    """Has Beam remember option views and signatures inside the `with` block."""
    with ExitStack() as stack:
        stack.enter_context(
            replace_attribute(PipelineOptions, "view_as", _remember_views(PipelineOptions.view_as))
        )
        signature = _remember_signatures(decorators.get_signature)
        for module in (decorators, core, ptransform):
            stack.enter_context(replace_attribute(module, "get_signature", signature))
        yield


def _remember_views(view_as: Callable[..., Any]) -> Callable[..., Any]:
    """Views of the same options share their values by Beam's own contract, so one is enough."""
    # The options are kept beside their view, so that their id stays theirs.
    views: dict[tuple[int, type], tuple[dict[str, Any], Any]] = {}

    def remembered(self: PipelineOptions, cls: type) -> Any:
        values = self._all_options
        key = (id(values), cls)
        if key not in views:
            views[key] = (values, view_as(self, cls))
        return views[key][1]

    return remembered


def _remember_signatures(get_signature: Callable[..., Any]) -> Callable[..., Any]:
    """A function's signature does not change; a method's is the same for every instance."""
    signatures: dict[tuple[Any, bool], Any] = {}

    def remembered(function: Any) -> Any:
        is_method = isinstance(function, types.MethodType)
        if not is_method and not isinstance(function, types.FunctionType):
            return get_signature(function)
        key = (function.__func__ if is_method else function, is_method)
        if key not in signatures:
            signatures[key] = get_signature(function)
        return signatures[key]

    return remembered
