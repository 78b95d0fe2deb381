"""What requests may take: memory, examples and parsed objects, and what is said of too much."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from serving.calls import limits
from serving.calls.limits import COPIES_OF_A_MESSAGE, Admission
from serving.errors import ServingError

MIB = 1 << 20
PLENTY = 1 << 50


def test_a_request_that_is_alone_is_let_in_whatever_its_size() -> None:
    admission = Admission(max_in_flight_bytes=MIB, max_memory_bytes=PLENTY)
    with admission.admit(MIB), pytest.raises(ServingError) as refusal, admission.admit(1):
        pass
    assert refusal.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "in flight take 4 MiB" in str(refusal.value)
    with admission.admit(MIB):
        pass


def test_what_was_answered_or_failed_takes_no_memory_any_more() -> None:
    admission = Admission(max_in_flight_bytes=MIB, max_memory_bytes=PLENTY)
    for _ in range(3):
        with pytest.raises(KeyError), admission.admit(MIB):
            raise KeyError
    with admission.admit(1), admission.admit(1):
        pass


def test_requests_together_may_take_the_limit_and_no_more() -> None:
    one = MIB * COPIES_OF_A_MESSAGE + limits._REQUEST_BYTES
    exact = Admission(max_in_flight_bytes=2 * one, max_memory_bytes=PLENTY)
    with exact.admit(MIB), exact.admit(MIB):
        pass
    less = Admission(max_in_flight_bytes=2 * one - 1, max_memory_bytes=PLENTY)
    with less.admit(MIB), pytest.raises(ServingError), less.admit(MIB):
        pass


def test_nothing_is_let_in_while_the_process_holds_too_much() -> None:
    with pytest.raises(ServingError, match="may hold 0 MiB"):
        Admission(max_in_flight_bytes=PLENTY, max_memory_bytes=1).check_memory()
    Admission(max_in_flight_bytes=PLENTY, max_memory_bytes=None).check_memory()


def test_as_many_examples_as_are_allowed() -> None:
    limits.check_examples(3, most=3)
    with pytest.raises(ServingError, match="at most 3 examples in a request, got 4"):
        limits.check_examples(4, most=3)


@pytest.mark.parametrize("method", limits.LAYOUTS)
def test_many_inner_messages_are_refused_before_they_are_parsed(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_FIELDS", 33_000)
    # Field 1 with a length of nothing: two bytes for each message.
    limits.check_fields(method, b"\x0a\x00" * limits.MAX_FIELDS)
    with pytest.raises(ServingError, match="send fewer examples at once"):
        limits.check_fields(method, b"\x0a\x00" * (limits.MAX_FIELDS + 1))


def test_a_container_s_limit_counts_where_it_is_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / name for name in ("memory.max", "limit_in_bytes", "not_there")]
    monkeypatch.setattr(limits, "_CGROUP_LIMITS", paths)
    paths[0].write_text("max\n")
    paths[1].write_text(f"{PLENTY}\n")
    machine = limits.machine_memory_bytes()
    assert machine < PLENTY
    paths[1].write_text("1048576\n")
    assert limits.machine_memory_bytes() == MIB
