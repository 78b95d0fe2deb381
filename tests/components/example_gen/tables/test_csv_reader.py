from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject, split_of
from components.example_gen.tables.example_gen import Executor, read_csv
from components.example_gen.text_files import encoding_of
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, tell
from modules.common.runtime.errors import DataError
from modules.name_gender.task import Settings

_GOOD = "姓名,性别\n王婷婷,女\n李伟,男\n"
_READ = [("王婷婷", "female"), ("李伟", "male")]


def config_for(folder: Path) -> ReadConfig:
    return ReadConfig(
        task_name="name_gender",
        source=load_task("name_gender").sources[0],
        settings=tell(Settings(), DATA),
        data_dir=str(folder),
    )


def read(folder: Path, contents: str | bytes) -> tuple[list[tuple[str, str]], list[Reject]]:
    """Writes a file and reads it: names with genders, and rejects."""
    path = folder / "names.csv"
    path.write_bytes(contents.encode() if isinstance(contents, str) else contents)
    items = list(read_csv(str(path), config_for(folder)))
    rejects = [item for item in items if isinstance(item, Reject)]
    records = [item.features for item in items if isinstance(item, Record)]
    assert all(record["name_chars"] == len(record["name"]) for record in records)
    return [(record["name"], record["gender"]) for record in records], rejects


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param(_GOOD.encode(), id="utf-8"),
        pytest.param(_GOOD.encode("utf-8-sig"), id="byte order mark"),
        pytest.param(_GOOD.encode("gbk"), id="gbk"),
        pytest.param(_GOOD.encode("gb18030"), id="gb18030"),
        pytest.param(_GOOD.encode("utf-16"), id="utf-16"),
        pytest.param(_GOOD.encode("utf-16-le"), id="utf-16 without a mark"),
        pytest.param(_GOOD.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(_GOOD.replace("\n", "\r\n").encode("gbk"), id="gbk with crlf"),
        pytest.param(_GOOD.replace("\n", "\r").encode(), id="cr"),
        pytest.param(_GOOD.rstrip("\n").encode(), id="no newline at the end"),
        pytest.param("name,gender\n王婷婷,F\n李伟,M\n".encode(), id="english"),
        pytest.param("NAME,Gender\n王婷婷,Female\n李伟,MALE\n".encode("gbk"), id="other case"),
        pytest.param("性别,姓名\n女,王婷婷\n男,李伟\n".encode(), id="other order"),
        pytest.param("id,name,年龄,sex\n1,王婷婷,30,女\n2,李伟,,男\n".encode(), id="extra columns"),
        pytest.param(" 姓名 , 性别 \n 王 婷婷 , 女 \n李　伟,男\n".encode(), id="spaces"),
        pytest.param('"姓名","性别"\n"王婷婷","女"\n"李伟","男"\n'.encode(), id="quoted"),
        pytest.param('姓名,性别\n"王婷\n婷",女\n李伟,男\n'.encode(), id="quoted newline"),
        pytest.param(_GOOD.replace(",", ";").encode(), id="semicolons"),
        pytest.param(_GOOD.replace(",", "\t").encode("utf-16"), id="tabs"),
        pytest.param(_GOOD.replace(",", "|").encode(), id="bars"),
        pytest.param(f"sep=;\r\n{_GOOD.replace(',', ';')}".encode(), id="sep line"),
        pytest.param(_GOOD.replace("女", "女,").encode(), id="a comma behind"),
        pytest.param(_GOOD.replace("\n", ",,\n").encode(), id="commas behind all"),
        pytest.param(f",,\n\n{_GOOD}\n,\n ,\t\n,,,\n".encode(), id="blank rows"),
        pytest.param('姓名,性别\n="王婷婷",="女"\n="李伟",="男"\n'.encode(), id="excel's text"),
        pytest.param("王婷婷,女\n李伟,男\n".encode("gbk"), id="no header"),
        pytest.param(f"名单,\n2017年,\n\n{_GOOD}".encode(), id="a title"),
        pytest.param("姓名,性別\n王婷婷,女\n李伟,男\n".encode(), id="traditional"),
        pytest.param("女;王婷婷\n男;李伟\n".encode(), id="no header, other order"),
        pytest.param("name;sex\n王婷婷;Ms.\n李伟;先生\n".encode(), id="titles"),
        pytest.param("姓名,性别\n王婷婷,2\n李伟,1\n".encode(), id="codes"),
        pytest.param("姓名,性别\n王婷婷,2.0\n李伟,1.0\n".encode(), id="codes as numbers"),
        pytest.param("姓名,性别\n王婷婷\u200b,ｆ\n\ufeff李伟,ＭＡＬＥ\n".encode(), id="widths"),
    ],
)
def test_spellings_of_the_same_file(tmp_path: Path, contents: bytes) -> None:
    assert read(tmp_path, contents) == (_READ, [])


def test_characters_of_gb18030_beyond_gbk(tmp_path: Path) -> None:
    contents = "姓名,性别\n𠮷婷,女\n".encode("gb18030")
    assert read(tmp_path, contents) == ([("𠮷婷", "female")], [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("王婷婷,女,上海", "expected 2 fields as in the header, found 3"),
        ("王婷婷", "expected 2 fields as in the header, found 1"),
        (",女", "姓名: expected a name"),
        ("王婷婷,", "性别: expected 男, 女"),
        ("王婷婷,未知", "found '未知', which says that the gender is not known"),
        ("王婷婷,1", "found '1', whose meaning nothing tells"),
        ("?,女", "姓名: expected a name, found '?'"),
        ("——,女", "姓名: expected a name, found '——'"),
        ("N/A,女", "姓名: expected a name, found 'N/A'"),
        ("12,女", "which has no letter"),
        (
            "张桂芳".encode().decode("iso-8859-1") + ",女",
            "姓名: expected text, found UTF-8 that was",
        ),
        ("鏉庡┓,女", "found UTF-8 that was taken for GBK"),
        ("王\0婷,女", "expected UTF-8, which the file is in"),
    ],
)
def test_a_bad_row_is_set_aside_with_line_and_reason(tmp_path: Path, row: str, reason: str) -> None:
    more = "李伟,男\n" * 30  # So that one code among words settles nothing.
    good, rejects = read(tmp_path, f"姓名,性别\n王婷婷,女\n{row}\n{more}")
    assert good == [*_READ, *_READ[1:] * 29]
    [reject] = rejects
    assert reason in reject.reason
    assert (reject.path, reject.where) == ("names.csv", "line 3")


@pytest.mark.parametrize("garbage", [b"\xff\xff", b"\xe7\x8e", b"\x80"])
def test_bytes_that_do_not_decode_cost_their_row_only(tmp_path: Path, garbage: bytes) -> None:
    contents = _GOOD.encode() + garbage + ",男\n".encode() + "王芳,女\n".encode()
    good, [reject] = read(tmp_path, contents)
    assert good == [*_READ, ("王芳", "female")]
    assert "expected UTF-8, which the file is in, found other bytes" in reject.reason
    assert reject.where == "line 4"


def test_one_bad_row_makes_no_mojibake_of_the_others(tmp_path: Path) -> None:
    # Names of two characters in UTF-8 are valid GBK too, and a bad row alone is not UTF-8.
    rows = "name,gender\n" + "王芳,F\n李伟,M\n" * 20
    contents = rows.encode() + "张三,M\n".encode("gbk")
    rows.encode().decode("gbk")
    good, [reject] = read(tmp_path, contents)
    assert good == [("王芳", "female"), ("李伟", "male")] * 20
    assert reject.where == "line 42"


def test_the_encoding_of_a_file_that_is_longer_than_the_probe(tmp_path: Path) -> None:
    for encoding in ("utf-8", "gb18030"):
        for shift in range(4):
            path = tmp_path / "long.csv"
            path.write_bytes(("x" * shift + "\n" + "王婷婷,女\n" * 8000).encode(encoding))
            assert encoding_of(str(path)) == encoding
    path.write_bytes(b"name,gender\n" * 10)
    assert encoding_of(str(path)) == "utf-8"


def test_a_missing_quote_does_not_hide_the_rows_it_swallows(tmp_path: Path) -> None:
    rows = '姓名,性别\n王婷婷,女\n"李伟,男\n' + "王芳,女\n" * 30
    good, rejects = read(tmp_path, rows)
    assert good == [("王婷婷", "female")]
    assert [reject.where for reject in rejects] == [f"line {line}" for line in range(3, 34)]
    assert "begins in line 3" in rejects[-1].reason
    assert all(len(reject.reason) <= 300 for reject in rejects)


def test_a_cell_beyond_python_s_limit_does_not_end_the_reading(tmp_path: Path) -> None:
    rows = "姓名,性别\n王婷婷,女\n" + "王" * 200_000 + ",女\n李伟,男\n"
    good, [reject] = read(tmp_path, rows)
    assert good == _READ
    assert reject.where == "line 3"
    assert "field limit" in reject.reason


def test_the_same_name_is_on_the_same_side_whatever_its_gender(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    names = [f"王{chr(0x4E00 + i)}" for i in range(400)]
    path.write_text("姓名,性别\n" + "".join(f"{name},男\n{name},女\n" for name in names))
    records = [item for item in read_csv(str(path), config_for(tmp_path))]
    sides: dict[str, set[str]] = {}
    for record in records:
        assert isinstance(record, Record)
        sides.setdefault(str(record.features["name"]), set()).add(record.split)
    assert len(sides) == 400
    assert all(len(splits) == 1 for splits in sides.values())
    share = sum(splits == {"eval"} for splits in sides.values()) / len(sides)
    assert 0.13 < share < 0.27  # 20 %, give or take three and a half standard deviations


def test_a_reject_names_its_file_relative_to_the_data(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    path = tmp_path / "part" / "one.csv"
    path.write_text("姓名,性别\n王婷婷\n")
    [reject] = read_csv(str(path), config_for(tmp_path))
    assert isinstance(reject, Reject)
    assert reject.path == "part/one.csv"


@pytest.mark.parametrize(
    ("contents", "parts"),
    [
        ("姓名,年龄\n王婷婷,30\n", ["no column 性别", "found the header 姓名,年龄"]),
        ("年龄\n30\n", ["no column 姓名, 性别", "found the header 年龄"]),
        ("王婷婷,女,1\n李伟,男,2\n", ["no column 姓名, 性别", "found the header 王婷婷,女,1"]),
        ("王婷婷,1\n李伟,2\n", ["no column 姓名, 性别", "found the header 王婷婷,1"]),
        ("王婷婷,李伟\n张三,李四\n", ["no column 姓名, 性别", "found the header 王婷婷,李伟"]),
        ("男,女\n女,男\n", ["no column 姓名, 性别", "found the header 男,女"]),
        ("大名;性别\n王婷婷;女\n", ["no column 姓名", "found the header 大名,性别"]),
        (
            "姓名,性别\n王婷婷,女\n".encode().decode("iso-8859-1"),
            ["no column 姓名, 性别", "found UTF-8 that was taken for iso-8859-1"],
        ),
        ("<html><table><tr><td>姓名", ["b.csv is an HTML page"]),
    ],
)
def test_a_file_without_its_columns_is_an_error(
    tmp_path: Path, contents: str, parts: list[str]
) -> None:
    good, bad = tmp_path / "a.csv", tmp_path / "b.csv"
    good.write_text(_GOOD)
    bad.write_text(contents)
    with pytest.raises(DataError) as caught:
        Executor.prepare([str(good), str(bad)], config_for(tmp_path))
    for part in [*parts, "b.csv", "expected a folder of CSV files with the header 姓名,性别"]:
        assert part in str(caught.value)


def test_a_file_with_its_columns_is_none(tmp_path: Path) -> None:
    for number, contents in enumerate([_GOOD.encode("gbk"), _GOOD.encode("utf-8-sig")]):
        (tmp_path / f"{number}.csv").write_bytes(contents)
    Executor.prepare([str(path) for path in tmp_path.iterdir()], config_for(tmp_path))


@pytest.mark.parametrize("codes", ["01", "1", "0", "019"])
def test_codes_that_can_be_read_in_two_ways(tmp_path: Path, codes: str) -> None:
    rows = "".join(f"王{'甲乙丙丁'[place]},{code}\n" for place, code in enumerate(codes))
    path = tmp_path / "names.csv"
    path.write_text(f"姓名,性别\n{rows}")
    config = config_for(tmp_path)
    if "9" in codes:
        assert Executor.prepare([str(path)], config).conventions == {
            "gender_codes": "1_male_2_female"
        }
        return
    with pytest.raises(DataError, match="1 as male and 0 as female .*, 0 as male and 1 as female"):
        Executor.prepare([str(path)], config)
    for said, one in (("1_male_0_female", "male"), ("0_male_1_female", "female")):
        told = replace(config, settings=tell(Settings(gender_codes=said), DATA))
        told = Executor.prepare([str(path)], told)
        genders = [item.features["gender"] for item in read_csv(str(path), told)]
        other = {"male": "female", "female": "male"}[one]
        assert genders == [{"1": one, "0": other}[code] for code in codes]


def test_codes_are_settled_by_all_files_together(tmp_path: Path) -> None:
    paths = []
    for place, code in enumerate("121"):
        paths.append(str(tmp_path / f"{place}.csv"))
        Path(paths[-1]).write_text(f"姓名,性别\n王芳,{code}\n")
    config = Executor.prepare(paths, config_for(tmp_path))
    genders = [item.features["gender"] for path in paths for item in read_csv(path, config)]
    assert genders == ["male", "female", "male"]


def test_files_without_rows_are_said_by_name_and_set_aside(tmp_path: Path) -> None:
    for name, contents in (("a", _GOOD), ("b", ""), ("c", "姓名,性别\n,\n"), ("d", "\n")):
        (tmp_path / f"{name}.csv").write_text(contents)
    paths = [str(tmp_path / f"{name}.csv") for name in "abcd"]
    config = Executor.prepare(paths, config_for(tmp_path))
    assert config.notes == (
        "without rows: b.csv (the file is empty), c.csv (a header and no rows), d.csv (the file "
        "is empty)",
    )
    [reject] = read_csv(paths[1], config)
    assert isinstance(reject, Reject)
    assert (reject.path, reject.kind, reject.reason) == ("b.csv", "set aside", "the file is empty")
    with pytest.raises(DataError, match=r"no record at all: b.csv \(the file is empty\), c.csv"):
        Executor.prepare(paths[1:], config_for(tmp_path))


def test_one_name_is_one_key_however_it_is_written(tmp_path: Path) -> None:
    spellings = ["Anna李", "Ａｎｎａ李", " Anna 李", "An\u200bna李", "\ufeffAnna李", "Anna李\ufe00"]
    rows = "".join(f"{name},女\n" for name in spellings)
    records = [
        item for item in read_csv(_written(tmp_path, f"姓名,性别\n{rows}"), config_for(tmp_path))
    ]
    assert {(item.features["name"], item.split) for item in records} == {
        ("Anna李", split_of("Anna李", 20))
    }
    dots = "".join(f"阿依古丽{dot}买买提,女\n" for dot in "·•・‧∙")
    records = [
        item for item in read_csv(_written(tmp_path, f"姓名,性别\n{dots}"), config_for(tmp_path))
    ]
    assert {item.features["name"] for item in records} == {"阿依古丽·买买提"}


def _written(folder: Path, contents: str) -> str:
    (folder / "names.csv").write_text(contents, encoding="utf-8")
    return str(folder / "names.csv")
