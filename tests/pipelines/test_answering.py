"""A server of our own for one question: it brings no more of TensorFlow than it needs."""

from __future__ import annotations

import subprocess
import sys

from pipelines.environment import Environment

NAME = "name_gender"
SCRIPT = f"""
import sys
from modules.common.declaring.registry import load_task
from pipelines.answering import connect
from pipelines.environment import environment

with connect(load_task("{NAME}"), environment("local", sys.argv[1]), None) as (client, _):
    answer = client.predict("{NAME}", {{"name": ["x"]}})
assert answer["label"].tolist() == ["v2:x"], answer
assert not {{"tensorflow._api", "keras", "aiohttp"}} & sys.modules.keys()
"""


def test_one_question_is_answered_by_a_part_of_tensorflow(env_of_two: Environment) -> None:
    subprocess.run([sys.executable, "-c", SCRIPT, env_of_two.root], check=True, timeout=300)
