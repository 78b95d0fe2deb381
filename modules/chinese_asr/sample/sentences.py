"""chinese_asr: everyday Mandarin sentences from a small grammar, to be read aloud.

A pattern such as `{who} 在 {place} {deed}` is filled with words of the classes named, of which some
are patterns themselves. Words whose characters were used least are the likeliest, so that a model
can learn every character from some thousand sentences. Characters that sound alike come in words
that tell them apart.
"""

from __future__ import annotations

import functools
import re
from collections import Counter

import numpy as np

from modules.common.runtime.errors import DataError

KINDS = ("sentences", "digits")
MIN_CHARACTERS, MAX_CHARACTERS = 4, 16

_DIGITS = "零一二三四五六七八九"
_MIN_DIGITS, _MAX_DIGITS = 3, 6
_SLOT = re.compile(r"\{(\w+)\}")
_MAX_MISSES = 1000  # Draws in a row that give nothing new.

# Choices of a class are parted by commas, their words by blanks.
_CLASSES = {
    "who": "我,你,他,我们,你们,他们,爸爸,妈妈,哥哥,姐姐,弟弟,妹妹,爷爷,奶奶,老师,学生,朋友,"
    "医生,同学,工人,孩子,女儿,大家",
    "past": "昨天,去年,昨天 晚上,上个 星期,今天 早上,星期{weekday}",
    "future": "明天,后天,明年,周末,今天 晚上,下个 月,星期{weekday}",
    "often": "每天,早上,晚上,中午,下午,周末,经常",
    "weekday": "一,二,三,四,五,六,天",
    "season": "春天,夏天,秋天,冬天,今天,昨天,早上,晚上",
    "city": "北京,上海,广州,南京,西安",
    "place": "家里,学校,公园,图书馆,商店,医院,办公室,教室,超市,海边,饭店,车站,{city}",
    "inside": "公园,图书馆,商店,医院,办公室,教室,超市,饭店,车站,学校",
    "vehicle": "火车,飞机,汽车,地铁",
    "number": "一,两,三,四,五,六,七,八,九,十",
    "unit": "一,二,三,四,五,六,七,八,九",
    "tens": "二,三,四,五,六,七,八",
    "hour": "一,两,三,四,五,六,七,八,九,十,十一,十二",
    "deed": "看 书,吃 {food},喝 {drink},听 音乐,唱歌,跳舞,画 画,写 信,打 电话,买 {thing},休息,"
    "学习 {language},工作,等 {who},帮 {who} 买 {food}",
    "pastime": "{deed},看 电视,看 电影,吃 饭,做 饭,做 作业,打 篮球,踢 足球,洗 衣服,游泳,睡觉,"
    "上课,爬山,跑步,开车,问 问题",
    "food": "苹果,面条,米饭,鱼,鸡蛋,水果,蛋糕,西瓜",
    "drink": "茶,水,咖啡,牛奶",
    "language": "中文,英语,数学,音乐",
    "thing": "{food},衣服,手机,电脑,桌子,椅子,帽子,票,花",
    "owned": "手机,电脑,桌子,椅子,帽子,衣服,汽车",
    "piece": "手机,电脑,苹果,鸡蛋,西瓜,蛋糕,帽子",
    "colour": "红色,白色,黑色,蓝色,绿色,黄色",
    "counted": "{number} 本 书,{number} 件 衣服,{number} 张 票,{number} 杯 {drink},"
    "{number} 个 苹果,{number} 条 鱼,{number} 张 桌子,{number} 个 蛋糕,{number} 个 手机",
    "living": "{number} 只 狗,{number} 只 猫,{number} 只 鸟,{number} 个 学生,"
    "{number} 个 孩子,{number} 个 老人,{number} 个 女人,很 多 人,很 多 花",
    "very": "很,非常,真,太",
    "so": "很,非常,太",
    "weather": "冷,热,好,不 好",
    "mood": "高兴,累,忙,快乐,生气",
    "nature": "漂亮,好看,{mood}",
    "quality": "便宜,贵,新,旧,好看,大,小",
    "distance": "远,近",
    "taste": "好吃,甜,贵,便宜,新",
    "site": "大,小,漂亮,远,近",
}
_PATTERNS = (
    "{who} 在 {place} {deed}",
    "{who} 正在 {pastime}",
    "{who} 现在 {pastime}",
    "{who} 想 去 哪里 {pastime}",
    "{who} 学 了 {number} 年 {language}",
    "{past} {who} 在 {place} {deed}",
    "{past} {who} 买 了 {counted}",
    "{future} {who} 要 去 {place} {deed}",
    "{future} {who} 想 {pastime}",
    "{who} {future} 坐 {vehicle} 去 {city}",
    "{who} 从 {city} 坐 {vehicle} 回来 了",
    "{who} {often} {pastime}",
    "{who} 喜欢 {pastime}",
    "{who} 不 喜欢 {pastime}",
    "{who} 会 {pastime} 吗",
    "{who} 和 {who} 一起 {pastime}",
    "{who} 和 {who} 一起 去 {place}",
    "{inside} 里 有 {living}",
    "{city} {season} {very} {weather}",
    "{season} 的 天气 {very} {weather}",
    "{season} {city} 下 雨 了",
    "{season} {city} 下 雪 了",
    "{season} {city} 的 风 {very} 大",
    "这 件 衣服 {very} {quality}",
    "那 个 {piece} 是 {colour} 的",
    "{who} 的 {owned} 是 {colour} 的",
    "{who} 的 {owned} {very} {quality}",
    "这 种 {food} {very} {taste}",
    "{place} 的 {food} {very} {taste}",
    "那 个 {inside} {very} {site}",
    "{place} 离 {place} {very} {distance}",
    "{who} 今天 {very} {mood}",
    "{who} 觉得 {who} {very} {nature}",
    "{who} {hour} 点 起床",
    "{who} {often} {hour} 点 {pastime}",
    "现在 {hour} 点 了",
    "请 给 我 {counted}",
    "请问 {inside} 在 哪里",
    "{who} 家里 有 {living}",
    "{who} 因为 {so} {mood} 所以 不 {pastime}",
    "{who} 什么 时候 {pastime}",
    "{who} 为什么 不 {pastime}",
    "{who} 可以 {pastime} 吗",
    "{who} 今年 {tens} 十 {unit} 岁",
    "{colour} 的 {owned} 比 {colour} 的 {quality}",
)
_CHOICES = {name: tuple(choices.split(",")) for name, choices in _CLASSES.items()}
_HEAD_START = 5  # The lower, the more a little used character draws.

Words = tuple[str, ...]


def sentences(kind: str, count: int, seed: int) -> list[Words]:
    """Different sentences.

    Args:
        kind: `sentences`, of 4 to 16 characters, or `digits`, numbers of 3 to 6 digits, each
            digit a word.
        count: How many.
        seed: The same seed gives the same sentences.

    Returns:
        The words of each.

    Raises:
        DataError: If there is no such kind, or it does not give so many different ones.
    """
    if kind not in KINDS:
        raise DataError(f"sample_text is {kind!r}; it must be one of {', '.join(KINDS)}")
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    used: Counter[str] = Counter()
    found: dict[Words, None] = {}
    misses = 0
    while len(found) < count and misses < _MAX_MISSES:
        words = _digits(rng) if kind == "digits" else _sentence(rng, used)
        is_new = bool(words) and words not in found
        misses = 0 if is_new else misses + 1
        if is_new:
            found[words] = None
            used.update("".join(words))
    if len(found) < count:
        raise DataError(
            f"the sample has about {len(found):,} different texts of the kind {kind!r}, not "
            f"{count:,}; set sample_utterances lower"
        )
    return list(found)


def vocabulary(kind: str) -> str:
    """All characters that the texts of `kind` may have, sorted."""
    if kind == "digits":
        return "".join(sorted(_DIGITS))
    return "".join(sorted(set().union(*map(_characters, _PATTERNS))))


def _digits(rng: np.random.Generator) -> Words:
    return tuple(rng.choice(list(_DIGITS), rng.integers(_MIN_DIGITS, _MAX_DIGITS + 1)).tolist())


def _sentence(rng: np.random.Generator, used: Counter[str]) -> Words:
    """One sentence, or nothing if the draw is too long, too short or names something twice."""
    text = _choice(rng, _PATTERNS, used)
    named: list[str] = []
    while slot := _SLOT.search(text):
        choice = _choice(rng, _CHOICES[slot[1]], used)
        named.append(choice)
        text = text[: slot.start()] + choice + text[slot.end() :]
    words = tuple(text.split())
    fits = MIN_CHARACTERS <= sum(map(len, words)) <= MAX_CHARACTERS
    return words if fits and len(set(named)) == len(named) else ()


def _choice(rng: np.random.Generator, choices: Words, used: Counter[str]) -> str:
    """One of `choices`, those that can lead to little used characters being the likelier."""
    weights = np.array([_weight(choice, used) for choice in choices])
    bounds = np.cumsum(weights)
    return choices[int(np.searchsorted(bounds, rng.random() * bounds[-1], side="right"))]


def _weight(choice: str, used: Counter[str]) -> float:
    return (_HEAD_START + min(map(used.__getitem__, _characters(choice)))) ** -2


@functools.cache
def _characters(choice: str) -> str:
    """The characters that a choice or a pattern may lead to."""
    found = set(re.sub(r"\{\w+\}| ", "", choice))
    for slot in _SLOT.findall(choice):
        found.update(*map(_characters, _CHOICES[slot]))
    return "".join(sorted(found))
