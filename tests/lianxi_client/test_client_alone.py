"""The client where there is no TensorFlow."""

import subprocess
import sys

_BLOCKED = """
import sys

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "tensorflow_serving", "serving", "modules"):
            raise ImportError(f"{name} is not there")

sys.meta_path.insert(0, Refusal())
from lianxi_client import Client

with Client(sys.argv[1]) as client:
    answer = client.predict("tiny", name=["é"])
    assert answer["label"].tolist() == ["v1:é"], answer
    assert client.classify("tiny", [{"x": 0.25}]) == [[("low", 0.75), ("high", 0.25)]]
    assert client.regress("tiny", [{"x": [0.5]}], signature_name="regress") == [5.0]
    assert client.status("tiny")[0].state == "AVAILABLE"
print(*sorted(name for name in sys.modules if name.startswith("tensorflow")))
"""


_LEFT_OPEN = """
import sys
from lianxi_client import Client

print(Client(sys.argv[1]).status("tiny")[0].state)
client = Client(sys.argv[1])
print(client.status("tiny")[0].state)
"""


def test_a_program_ends_though_it_closes_no_client(shared_server):
    # gRPC waits for ever at the end of a program for what it watches in a thread of its own.
    done = subprocess.run(
        [sys.executable, "-c", _LEFT_OPEN, f"localhost:{shared_server.port}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, ["AVAILABLE"] * 2), done.stderr


def test_it_needs_no_tensorflow(shared_server):
    done = subprocess.run(
        [sys.executable, "-c", _BLOCKED, f"localhost:{shared_server.port}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
