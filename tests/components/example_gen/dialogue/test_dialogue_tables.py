"""Tables of questions and answers: which columns they are in, and rows that cannot be used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conv_files import TASK, Pair, config_for
from run_executor import execute, read_back

from components.example_gen.dialogue.dialogue_reader import read_and_count
from components.example_gen.dialogue.example_gen import DialogueExampleGen, Executor
from components.example_gen.records import Record, Reject, Used
from modules.common.declaring.registry import load_task
from modules.common.dialogue.sources import DialogueTableSource
from modules.common.runtime.errors import DataError
from pipelines.data import locate
from pipelines.environment import Environment

_PAIRS = [(f"第{number}个问题", f"第{number}个回答") for number in range(20)]


def read_table(path: Path) -> tuple[list[Pair], list[tuple[str, str, str]], list[Used]]:
    """Pairs, place, kind and reason of each reject, and how many rows were used."""
    items = list(read_and_count(str(path), config_for(path.parent)))
    return (
        [(i.features["question"], i.features["reply"]) for i in items if isinstance(i, Record)],
        [(i.where, i.kind, i.reason) for i in items if isinstance(i, Reject)],
        [i for i in items if isinstance(i, Used)],
    )


def write(path: Path, rows: list[str], encoding: str = "utf-8", ending: str = "\n") -> Path:
    """Writes lines."""
    path.write_bytes("".join(f"{row}{ending}" for row in rows).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize(
    ("name", "mark"), [("a.tsv", "\t"), ("A.TSV", "\t"), ("a.csv", ","), ("a.csv", ";")]
)
@pytest.mark.parametrize("header", ["", "问题 回答", "ask_text reply_text", "Q A"])
def test_two_columns(tmp_path: Path, name: str, mark: str, header: str, encoding: str) -> None:
    rows = [mark.join(header.split())] if header else []
    rows += [mark.join(pair) for pair in _PAIRS]
    path = write(tmp_path / name, [*rows[:5], "", mark, *rows[5:]], encoding, "\r\n")
    assert read_table(path) == (_PAIRS, [], [Used(20)])


def test_columns_in_any_order_under_a_header(tmp_path: Path) -> None:
    rows = [f"{number},{answer},,{question}" for number, (question, answer) in enumerate(_PAIRS)]
    path = write(tmp_path / "a.csv", ["id,answer,note,question", *rows])
    assert read_table(path) == (_PAIRS, [], [Used(20)])


@pytest.mark.parametrize(
    ("name", "rows", "said"),
    [
        (
            "a.tsv",
            [f"{n}\t{q}\t{a}" for n, (q, a) in enumerate(_PAIRS)],
            "0 | 第0个问题 | 第0个回答",
        ),
        ("a.csv", ["id,question,text", *(f"1,{q},{a}" for q, a in _PAIRS)], "id | question | text"),
        ("a.csv", ["q,question,answer", *(f"1,{q},{a}" for q, a in _PAIRS)], "q | question | ans"),
        ("a.tsv", [f"{q}\t{n}.5" for n, (q, _) in enumerate(_PAIRS)], "numbers in column 2: 第0个"),
        ("a.tsv", [q for q, _ in _PAIRS], "parted by tabs or |; found 第0个问题"),
        ("a.csv", ["<html><body></body></html>"], "found an HTML page"),
    ],
)
def test_what_is_not_clear_is_refused(
    tmp_path: Path, name: str, rows: list[str], said: str
) -> None:
    write(tmp_path / "b.tsv", ["问\t答", "你好\t你好"])
    path = write(tmp_path / name, rows)
    with pytest.raises(DataError) as was:
        Executor.check([str(tmp_path / "b.tsv"), str(path)], config_for(tmp_path))
    assert f"{name} in {tmp_path}: " in str(was.value) and said in str(was.value)


def test_an_empty_table_among_others(tmp_path: Path) -> None:
    empty = write(tmp_path / "a.tsv", [""])
    with pytest.raises(DataError, match=r"nobody says anything .* a.tsv: .* found no text at all"):
        Executor.check([str(empty)], config_for(tmp_path))
    good = write(tmp_path / "b.tsv", ["你好\t你好"])
    Executor.check([str(empty), str(good)], config_for(tmp_path))


def test_rows_that_cannot_be_used(tmp_path: Path) -> None:
    garbled = "你还活着".encode().decode("iso-8859-1")
    rows = [
        "你好\t你好  呀\t",
        "你好\t一\t二",
        "只有问题\t",
        "\t只有回答",
        f"{'长' * 61}\t好",
        f"{garbled}\t好",
        '他说"好\t对',
        '"再见\t再见"',
    ]
    found, rejects, used = read_table(write(tmp_path / "a.tsv", rows))
    assert found == [("你好", "你好 呀"), ('他说"好', "对"), ("再见", "再见")] and used == [Used(3)]
    assert [(where, kind) for where, kind, _ in rejects] == [
        ("line 2", "bad"),
        ("line 3", "set aside"),
        ("line 4", "set aside"),
        ("line 5", "set aside"),
        ("line 6", "bad"),
    ]
    reasons = [reason for _, _, reason in rejects]
    assert reasons[0] == "expected 2 columns, found 3: 你好 | 一 | 二"
    assert reasons[1:3] == ["there is no answer", "there is no question"]
    assert "found 61" in reasons[3] and "taken for iso-8859-1" in reasons[4]


def test_quoted_cells_over_several_lines(tmp_path: Path) -> None:
    rows = ["question,answer", '"你好,', '世界",你好', '"没有完,好', "再见,再见"]
    found, rejects, _ = read_table(write(tmp_path / "a.csv", rows))
    assert found == [("你好, 世界", "你好"), ("没有完", "好"), ("再见", "再见")] and not rejects


def test_all_answers_to_a_question_are_on_one_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    rows = [f"第{number}个问题\t第{n}个回答" for number in range(80) for n in range(3)]
    write(data / "a.tsv", rows)
    task = replace(TASK, sources=(DialogueTableSource(),))
    execute(monkeypatch, DialogueExampleGen, task, data, tmp_path / "out")
    train, held_out = (
        {example["question"] for example in read_back(tmp_path / "out", split)}
        for split in ("train", "eval")
    )
    assert len(train | held_out) == 80 and train.isdisjoint(held_out) and held_out


def test_a_folder_of_tables_is_found_where_there_are_no_conversations(tmp_path: Path) -> None:
    task, env = load_task("seq2seq_chatbot"), Environment(name="local", root=str(tmp_path))
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / "a.tsv", ["你好\t你好"])
    assert isinstance(locate(task, str(tmp_path / "data"), env, {}).source, DialogueTableSource)
    write(tmp_path / "data" / "a.conv", ["E", "M 你好", "M 你好"])
    location = locate(task, str(tmp_path / "data"), env, {})
    assert not isinstance(location.source, DialogueTableSource)
