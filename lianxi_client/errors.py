"""How calls fail."""

from __future__ import annotations

import dataclasses
from typing import Literal

# Longer texts are cut: an error is read by a person.
_MAX_CHARS = 2000

Kind = Literal["final", "refused", "unreachable", "lost"]


class ClientError(Exception):
    """A call failed.

    Attributes:
        code: Name of the gRPC status, such as `NOT_FOUND`; the same over REST.
        message: One line: what the server said and, where the model is known, what it expects.
    """

    def __init__(self, code: str, message: str) -> None:
        """Makes the message one line."""
        self.code = code
        self.message = " ".join(message.split())[:_MAX_CHARS]
        super().__init__(f"{code}: {self.message}")

    def __reduce__(self) -> tuple[type[ClientError], tuple[str, str]]:
        """Lets it travel between processes."""
        return type(self), (self.code, self.message)


@dataclasses.dataclass
class Failure(Exception):
    """An attempt failed; the call may go on.

    Attributes:
        code: Name of the gRPC status.
        message: What the server or the library said.
        kind: `refused` if the server answered that it does not run the request now, `unreachable`
            if it never got it, `lost` if the connection broke while the answer was awaited,
            `final` if a second attempt would fail alike.
        pause_s: How long the server asks to be left alone, in seconds.
        hint: What the person may look at.
    """

    code: str
    message: str
    kind: Kind = "final"
    pause_s: float | None = None
    hint: str = ""


def is_passing(message: str) -> bool:
    """Tells whether RESOURCE_EXHAUSTED means that others take too much now, not this request.

    Args:
        message: What the server said; Lianxi's says so in words.

    Returns:
        Whether another attempt may succeed.
    """
    return "try again" in message


def invalid_argument(message: str) -> ClientError:
    """Something that the caller gave cannot be sent.

    Args:
        message: What was expected, and what was found.

    Returns:
        The error to raise.
    """
    return ClientError("INVALID_ARGUMENT", message)


def malformed_answer(what: object) -> Failure:
    """The server answered, but not as TensorFlow Serving does.

    Args:
        what: What is wrong with the answer.

    Returns:
        The failure to raise.
    """
    hint = "is that a TensorFlow Serving server?"
    return Failure("INTERNAL", f"the answer cannot be read: {what}", hint=hint)
