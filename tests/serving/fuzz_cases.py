"""What a fuzzed request is, and which answers to it are right."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

# A request that is wrong may be told so in any of these ways, and no other.
REFUSALS = frozenset(
    {
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "FAILED_PRECONDITION",
        "UNIMPLEMENTED",
        "OUT_OF_RANGE",
        "RESOURCE_EXHAUSTED",
    }
)
MAYBE = REFUSALS | {"OK"}
# What gRPC itself says of bytes that are no message of the method.
NO_MESSAGE = "the bytes are no request of "


@dataclasses.dataclass(frozen=True)
class GrpcCase:
    """A call.

    Attributes:
        kind: What is wrong with it.
        method: `/package.Service/Method`.
        body: The message.
        allowed: Names of the codes that are right.
        check: Raises if an answer that is OK is wrong.
        timeout_s: The deadline that the caller sets, in seconds.
    """

    kind: str
    method: str
    body: bytes
    allowed: frozenset[str] = MAYBE
    check: Callable[[bytes], None] | None = None
    timeout_s: float = 10.0


@dataclasses.dataclass(frozen=True)
class RestCase:
    """A request as it goes over the wire.

    Attributes:
        kind: What is wrong with it.
        wire: Bytes to send.
        allowed: Statuses that are right; 0 is a connection that the server closes.
        check: Raises if a body that came with status 200 is wrong.
        is_head: Whether the answer has no body.
        is_cut: Whether the caller stops sending before the end.
    """

    kind: str
    wire: bytes
    allowed: frozenset[int]
    check: Callable[[bytes], None] | None = None
    is_head: bool = False
    is_cut: bool = False


def mutate(data: bytes, draw: random.Random, other: bytes = b"") -> bytes:
    """Spoils bytes in one to four ways.

    Args:
        data: What to spoil.
        draw: Where chance comes from.
        other: Bytes of the same kind, pieces of which may be put in.

    Returns:
        Other bytes, mostly.
    """
    spoiled = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(spoiled) + 1)
        end = min(len(spoiled), at + draw.choice((1, 2, 8, 64)))
        way = draw.randrange(7)
        if way == 0 and at < len(spoiled):
            spoiled[at] ^= 1 << draw.randrange(8)
        elif way == 1:
            spoiled[at:end] = draw.randbytes(end - at)
        elif way == 2:
            del spoiled[at:end]
        elif way == 3:
            spoiled[at:at] = spoiled[at:end] * draw.choice((1, 2, 50))
        elif way == 4:
            del spoiled[at:]
        elif way == 5 and other:
            start = draw.randrange(len(other))
            spoiled[at:end] = other[start : start + draw.choice((4, 32, 256))]
        else:
            spoiled[at:at] = draw.choice((b"\xff" * 9, b"\x80" * 11 + b"\x01", b"\0", b"\x7f\xff"))
    return bytes(spoiled)


def pick(draw: random.Random, *choices: tuple[float, Callable[[], Any]]) -> Any:
    """Makes one of several things.

    Args:
        draw: Where chance comes from.
        *choices: Weight, and what makes the thing.

    Returns:
        The thing.
    """
    weights = [weight for weight, _ in choices]
    return draw.choices([make for _, make in choices], weights)[0]()
