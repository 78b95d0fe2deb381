"""Text of files and text in the graph become the same."""

from __future__ import annotations

import sys

import tensorflow as tf

from modules.common.dialogue import spelling
from modules.common.text import in_graph


def test_files_and_graph_tidy_alike() -> None:
    codes = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    samples = [f"{chr(code)}a{chr(code)}{chr(code)} 好{chr(code)}" for code in codes]
    samples += ["", " ", "\u3000\u3000", "你  好\t吗 \r\n", "\x85爸爸\xa0\xa0你\u3000"]
    tidied = [value.decode() for value in in_graph.tidy(tf.constant(samples)).numpy()]
    assert tidied == [spelling.tidy(sample) for sample in samples]
    changed = [chr(code) for code in codes if spelling.tidy(f"a{chr(code)}b") == "a b"]
    assert len(changed) > 20 and {" ", "\t", "\xa0", "\u3000"} <= set(changed)


def test_what_people_type_stays() -> None:
    assert spelling.tidy("  爸爸  你午饭时\u3000喝了多少酒?! ") == "爸爸 你午饭时 喝了多少酒?!"
