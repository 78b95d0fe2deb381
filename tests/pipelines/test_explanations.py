"""What went wrong, in words: our own, the system's, and faults of the code."""

from __future__ import annotations

import errno
import os
import sqlite3

import pytest
import tensorflow as tf

from modules.common.runtime.errors import DataError, GateError, TaskError
from pipelines.explanations import exit_code, explain, is_fault


def os_error(number: int, path: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), path)


def raised(outer: Exception, inner: Exception) -> Exception:
    """Gives an error that was raised while another was handled, as Beam does."""
    try:
        try:
            raise inner
        except Exception:
            raise outer  # noqa: B904 - without a cause, as Beam does
    except Exception as error:
        return error


def test_our_own_message_is_said_without_the_name_of_a_step_of_beam() -> None:
    inner = DataError("no column 性别; expected 姓名,性别")
    outer = DataError(f"{inner} [while running 'Read-ptransform-45']")
    assert explain(raised(outer, inner)) == str(inner)
    quoted = RuntimeError(f"Traceback:\n  File x\nmodules.common.errors.DataError: {outer}")
    assert explain(quoted) == str(inner)
    nested = RuntimeError(
        "ValueError: other\n\nTraceback:\n  File x\nmodules.common.errors.DataError: first\n"
        "  1 x second [while running 'Read']\n\nDuring handling of the above exception, another"
    )
    assert explain(nested) == "first\n  1 x second"
    assert not is_fault(quoted)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (os_error(errno.ENOSPC, "/r/a"), "the disk is full, or its quota is used up (/r/a); free"),
        (os_error(errno.EDQUOT), "the disk is full, or its quota is used up; free some space"),
        (os_error(errno.EROFS, "/r/a"), "cannot write (/r/a): it is read-only"),
        (os_error(errno.EACCES, "/r/a"), "no permission (/r/a); change who may"),
        (os_error(errno.EPERM, "/r/a"), "no permission (/r/a); change who may"),
        (os_error(errno.EEXIST, "/r"), "expected a folder, found a file (/r); move the file"),
        (os_error(errno.ENOTDIR, "/r/a"), "expected a folder, found a file (/r/a)"),
        (os_error(errno.EIO, "/r/a"), "the disk reports an error (/r/a)"),
        (os_error(errno.EMFILE, "/r/a"), "more files are open than the system allows"),
        (os_error(errno.ENAMETOOLONG, "/r/a"), "the system refuses /r/a: file name too long"),
        (MemoryError(), "memory ran out; close other programs"),
        (RuntimeError("MemoryError [while running 'Read']"), "memory ran out"),
        (os_error(errno.ENOMEM), "memory ran out; close other programs"),
        (UnicodeEncodeError("ascii", "王", 0, 1, "no"), "this terminal cannot show"),
        (sqlite3.OperationalError("database is locked"), "another program holds the metadata"),
        (sqlite3.OperationalError("disk I/O error"), "the disk reports an error"),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full"),
        (
            RuntimeError("Failed to establish connection: file is not a database query: CREATE"),
            "the metadata of earlier runs is damaged (/r/m.sqlite); move that file away",
        ),
        (
            tf.errors.ResourceExhaustedError(None, None, "/r/events; No space left on device"),
            "the disk is full, or its quota is used up (/r/events); free",
        ),
        (
            tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor [9,9]"),
            "memory ran out",
        ),
        (
            tf.errors.PermissionDeniedError(None, None, "/r/a; Permission denied"),
            "no permission (/r/a)",
        ),
        (
            RuntimeError(
                "OSError: [Errno 28] No space left on device: '/r/a b' [while running 'W']"
            ),
            "the disk is full, or its quota is used up (/r/a b); free",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_the_system_refuses_is_said_in_words(error: Exception, said: str) -> None:
    assert explain(error, metadata="/r/m.sqlite").startswith(said)
    assert explain(raised(RuntimeError("wrapped"), error), "/r/m.sqlite").startswith(said) or (
        isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG
    )
    assert not is_fault(error)
    assert exit_code(error) == 1


def test_a_fault_of_the_code_is_named_by_its_type() -> None:
    fault = KeyError("gender")
    assert is_fault(fault)
    assert explain(fault) == "KeyError: 'gender'"
    assert "while running" not in explain(ValueError("x [while running 'Read']"))


def test_the_exit_code_says_which_kind_it_is() -> None:
    wrapped = raised(RuntimeError("wrapped"), GateError("no"))
    assert [exit_code(each) for each in (TaskError("a"), DataError("b"), wrapped)] == [2, 1, 3]


def test_memory_that_does_not_suffice_for_a_library_is_said() -> None:
    error = ImportError("libtensorflow_cc.so.2: failed to map segment from shared object")
    assert explain(error).startswith("memory ran out; close other programs")


def test_a_device_of_tensorflow_is_no_place() -> None:
    said = "{{function_node x_device_/job:localhost/replica:0/task:0/device:CPU:0}} "
    error = OSError(f"{said}/out/model/3/variables; No space left on device")
    assert "(/out/model/3/variables)" in explain(error)
    assert "(" not in explain(OSError(f"{said}No space left on device")).split(";")[0]


def test_of_a_traceback_from_a_worker_the_last_line_is_said() -> None:
    inner = (
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g()\nValueError: no'
    )
    outer = (
        "Pipeline job-1 failed in state FAILED: Traceback (most recent call last):\n"
        f'  File "b.py", line 2, in h\n    raise\nRuntimeError: Error received: {inner}\n\n'
        f"{inner} [while running 'Read']"
    )
    assert explain(RuntimeError(outer)) == "ValueError: no"
