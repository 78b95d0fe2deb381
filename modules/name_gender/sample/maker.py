"""name_gender: draws a sample data set of names, so that the task runs with no download.

A name is a common surname and one or two given characters. Most given characters lean to one
gender by how they are used today; some are borne by both, and a pair leans as its characters do
together, with noise. Several surnames are also given characters of the other gender, so that
where a character stands matters, as it does in real names.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from modules.name_gender.task import Settings

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕"
    "丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严"
    "覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符"
)
_MALE = (
    "伟强磊军勇杰涛超明刚辉鹏斌波浩宇轩博健建国志峰飞龙雄帅富豪武毅力山海东立平林松柏栋梁成康光亮"
    "天达安岩中茂进有坚和彪诚先敬震振壮会思群心邦承乐绍功松善厚庆友裕河哲江炎德行时泰盛振祥才发"
    "宏鑫权振旭凯晨锋楠坤昊翔昌铭钢虎野"
)
_FEMALE = (
    "芳娜敏静丽艳娟霞秀兰燕玲桂英红梅莉婷婉娴瑶怡婵雁蓓纨仪荷丹蓉眉君琴蕊薇菁梦岚苑婕馨瑗琰韵"
    "融园艺咏卿聪澜纯毓悦昭冰爽琬茗羽希美月莺媛艳瑞凡佳嘉琼勤珍贞莹雪琳晶妍茜秋珊莎锦黛青倩婧姣"
    "妮菲凤洁萍颖露"
)
_EITHER = "文华春晓云宁子雨小新清欣然一民世生元玉书若永学家俊"
_HEADER = ("姓名", "性别")
_NOISE = 0.6


def write_sample(folder: Path, settings: Settings) -> None:
    """Writes `names.csv`.

    Args:
        folder: Where to; it exists.
        settings: `seed`, the same of which gives the same files; `sample_rows` says how many names.
    """
    rng = np.random.default_rng(settings.seed)
    rows = settings.sample_rows
    characters = list(dict.fromkeys(_MALE + _FEMALE + _EITHER))
    lean = np.array([_lean(character) for character in characters])
    lean = lean * rng.uniform(0.6, 2.2, len(characters))
    # A few characters are common and many are rare.
    weights = rng.permutation(1 / np.arange(4, len(characters) + 4))
    surname_weights = 1 / np.arange(3, len(_SURNAMES) + 3)

    surnames = rng.choice(list(_SURNAMES), rows, p=surname_weights / surname_weights.sum())
    given = rng.choice(len(characters), (rows, 2), p=weights / weights.sum())
    two = rng.random(rows) < 0.7
    leaning = lean[given[:, 0]] * 0.4 * two + lean[given[:, 1]] + rng.normal(0, _NOISE, rows)
    with open(folder / "names.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for surname, (first, last), has_two, towards_male in zip(
            surnames, given, two, leaning, strict=True
        ):
            name = surname + (characters[first] if has_two else "") + characters[last]
            writer.writerow((name, "男" if towards_male > 0 else "女"))


def _lean(character: str) -> float:
    """Towards male above zero, towards female below."""
    return float(character in _MALE) - float(character in _FEMALE)
