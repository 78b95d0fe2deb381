"""How many records TFX's components take at once: few enough for little memory, the same each time.

TFX leaves that to Beam, which measures seconds and goes up to a thousand: of recordings that is
hundreds of megabytes, and on small data most batches are of a few records. Here a batch is bounded
by its bytes too, by a switch that tfx-bsl has for this, though not for the sizes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tfx_bsl.coders import batch_util

from modules.common.runtime.replacing import replace_attribute

MAX_BATCH_BYTES = 4 * 2**20
"""Of serialized examples; a larger example is a batch of its own."""
MAX_BATCH_RECORDS = 1000


@contextmanager
def bounded_batches() -> Iterator[None]:
    """Has pipelines that are built inside the `with` block read in batches of bounded bytes."""
    with ExitStack() as stack:
        for name, value in (
            ("_UseByteSizeBatching", lambda: True),
            ("_TARGET_BATCH_BYTES_SIZE", MAX_BATCH_BYTES),
            ("_BATCH_SIZE_CAP_WITH_BYTE_TARGET", MAX_BATCH_RECORDS),
        ):
            stack.enter_context(replace_attribute(batch_util, name, value))
        yield
