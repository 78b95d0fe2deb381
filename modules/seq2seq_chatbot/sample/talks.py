"""seq2seq_chatbot: everyday Chinese conversations from a small grammar.

A conversation is a scene, often after a greeting and before a farewell. The words of a scene are
drawn once: a name that is told is used in the answer, who is asked about apples speaks of apples.
So a reply depends on what was said in ways that no few characters before it can tell.
"""

from __future__ import annotations

import random

from modules.common.runtime.errors import DataError

_MAX_MISSES = 1000  # Draws in a row that give nothing new.
_GREETED, _PARTED, _SPACED = 0.5, 0.5, 0.3

# Choices of a class are parted by blanks; what is drawn together, by a colon: `{sky}`, `{sky1}`.
# `{name_b}` and `{name_c}` are other choices.
_CLASSES = {
    "name": "王芳 李伟 张敏 刘洋 陈静 杨帆 赵磊 黄丽 周杰 吴迪 徐婷 孙浩 马超 朱琳 胡军 郭雪 "
    "何平 高远 林峰 罗兰 郑爽 梁栋 谢明 宋佳 唐宁 许晴 韩冰 冯刚 邓超 曹颖",
    "kin": "哥哥 姐姐 弟弟 妹妹 爸爸 妈妈 爷爷 奶奶 叔叔 阿姨",
    "job": "医生 老师 司机 厨师 警察 工人 护士 律师 记者 演员",
    "food": "苹果:很甜 香蕉:很甜 西瓜:很甜 饺子:很香 面条:很香 米饭:很香 烤鸭:很油 鱼:很鲜 "
    "虾:很鲜 蛋糕:很甜 辣椒:很辣 火锅:很辣 豆腐:很嫩 鸡蛋:很嫩 葡萄:很酸 柠檬:很酸",
    "drink": "茶 咖啡 牛奶 果汁 啤酒 豆浆 可乐 水",
    "city": "北京 上海 广州 南京 西安 成都 杭州 武汉 天津 重庆 苏州 青岛",
    "place": "学校 公园 医院 超市 银行 车站 图书馆 电影院 饭店 机场 邮局 书店",
    "side": "左边 右边 前面 后面 东边 西边 南边 北边",
    "sky": "下雨:带伞 下雪:穿大衣 刮风:戴帽子 晴天:戴墨镜 阴天:带外套 很冷:穿毛衣 很热:穿短袖",
    "mood": "高兴:考试通过了:我们去庆祝吧 难过:手机丢了:我帮你找找吧 生气:又迟到了:下次早点起床吧 "
    "累:加班到半夜:早点休息吧 紧张:明天要面试:别担心你行的 担心:奶奶生病了:去看看她吧 "
    "无聊:没有事做:我们去看电影吧 开心:找到工作了:恭喜你啊",
    "hobby": "游泳 跑步 唱歌 跳舞 画画 下棋 爬山 钓鱼 做饭 打篮球 踢足球 弹钢琴 拍照片 写小说",
    "often": "每天 周末 晚上 早上 经常 有时候",
    "when": "今天晚上 明天早上 明天下午 后天 周末 星期五 下个星期",
    "years": "两 三 四 五 六 七 八 九 十",
    "minutes": "五 十 十五 二十 三十",
    "price": "五十:四十 六十:五十 八十:七十 一百:八十 两百:一百八 三百:两百五",
    "thing": "帽子 衣服 鞋子 书包 手机 雨伞 眼镜 手表 椅子 自行车",
    "spot": "桌子上 床下面 沙发上 书包里 车里 门后面 厨房里 窗台上",
    "day": "一:二 二:三 三:四 四:五 五:六 六:天 天:一",
    "hour": "七:九 八:十 九:十一 十:十二 两:四 三:五 四:六 五:七 六:八",
    "language": "英语 法语 日语 德语 韩语 俄语 西班牙语",
    "part": "头 肚子 牙 腿 眼睛 背 手 嗓子",
    "animal": "狗 猫 鸟 兔子 乌龟 金鱼",
    "colour": "红色 白色 黑色 蓝色 绿色 黄色",
}
_GREETING = (
    "你好，我叫{name}。|你好，我是{name}。|你好！请问你叫什么名字？",
    "你好{name}，我叫{name_b}。|{name}你好，我是{name_b}。|我叫{name_b}，你呢？",
    "{name_b}，很高兴认识你。|很高兴认识你，{name_b}。|我是{name}，你好{name_b}。",
    "我也很高兴认识你，{name}。|{name}，认识你我也很高兴。",
)
_FAREWELL = (
    "我要走了，再见。|我得去{place}了，再见。|{name_b}，明天见。",
    "再见，路上小心。|好，{place}见。|明天见，{name}。",
)
# Lines of a scene, in turns; what may be said in another way follows after `|`.
_SCENES = (
    (
        "你喜欢吃{food}吗？|{food}你喜欢吗？",
        "喜欢，{food}{food1}。|喜欢啊，我{often}吃{food}。",
        "那我们{when}一起去吃{food}吧。|{when}我请你吃{food}。",
        "好啊，{when}去哪里吃{food}？",
        "去{place}旁边的那家店，他们的{food}很好。",
        "太好了，我们{when}在{place}见。",
    ),
    (
        "你喜欢吃{food}吗？|你要不要吃{food}？",
        "不喜欢，{food}{food1}，我想吃{food_b}。|不要，我不吃{food}，有{food_b}吗？",
        "有{food_b}，你要几个{food_b}？",
        "给我{years}个{food_b}吧。",
        "好，{years}个{food_b}，一共{price}块。",
        "给你{price}块。",
    ),
    (
        "明天{city}的天气怎么样？|{city}明天天气好吗？",
        "{city}明天{sky}。|明天{city}{sky}。",
        "{sky}的话，我要{sky1}吗？",
        "要，去{city}一定要{sky1}。",
        "好，我{sky1}，那{city_b}呢？",
        "{city_b}明天{sky_b}，要{sky_b1}。",
    ),
    (
        "请问{place}怎么走？|请问去{place}怎么走？",
        "{place}在{place_b}的{side}。|往{side}走，{place}在{place_b}旁边。",
        "从{place_b}到{place}要走多久？",
        "走{minutes}分钟就到{place}了。",
        "{minutes}分钟，不远，谢谢你。",
        "不客气。|不用谢。",
    ),
    (
        "你今天看起来很{mood}。|你怎么这么{mood}？",
        "我{mood1}，所以很{mood}。|因为我{mood1}。",
        "你{mood1}？{mood2}。|{mood1}，{mood2}。",
        "谢谢你，你呢？",
        "我今天很{mood_b}，因为我{mood_b1}。",
        "你{mood_b1}啊，{mood_b2}。",
    ),
    (
        "喂，请问{name}在吗？|喂，我找{name}。",
        "我就是{name}，你是哪位？|我是{name}，你是谁？",
        "我是{name_b}。",
        "{name_b}你好，有什么事吗？",
        "我们{when}一起去{hobby}吧。|{when}你想去{hobby}吗？",
        "好啊，{when}我们去{hobby}。|对不起，{when}我没空去{hobby}。",
    ),
    (
        "你有{kin}吗？",
        "有，我{kin}叫{name_c}。",
        "{name_c}做什么工作？|你{kin}{name_c}是做什么的？",
        "{name_c}是{job}。|我{kin}是{job}，在{city}工作。",
        "当{job}累吗？",
        "{name_c}说当{job}很累，但是很有意思。",
    ),
    (
        "你没事的时候做什么？|你有什么爱好？",
        "我{often}{hobby}。|我喜欢{hobby}。",
        "你{hobby}多久了？",
        "我{hobby}{years}年了。|{years}年了。",
        "{years}年了？教我{hobby}吧。",
        "好啊，{when}我教你{hobby}。",
    ),
    (
        "这个{thing}多少钱？|请问{thing}怎么卖？",
        "{thing}{price}块。|{colour}的{thing}{price}块。",
        "{price}块太贵了，便宜点吧。",
        "那{price1}块卖给你。",
        "{price1}块可以，我要{colour}的{thing}。",
        "好，{colour}的{thing}给你。",
    ),
    (
        "你看见我的{thing}了吗？|我的{thing}在哪里？",
        "你的{thing}在{spot}。|{thing}是不是在{spot}？",
        "{spot}没有{thing}。|我找过{spot}了，没有。",
        "那你看看{spot_b}有没有{thing}。",
        "找到了，{thing}在{spot_b}。",
        "下次别把{thing}放在{spot_b}。",
    ),
    (
        "今天星期{day}，明天星期几？|今天是星期{day}吗？",
        "是，今天星期{day}，明天星期{day1}。|今天星期{day}，明天星期{day1}。",
        "星期{day1}你忙吗？|那星期{day1}你做什么？",
        "星期{day1}我要去{place}。|不忙，星期{day1}我在家。",
        "我可以跟你去吗？|我们一起{hobby}吧。",
        "可以，星期{day1}见。|好，星期{day1}见。",
    ),
    (
        "去{city}的火车几点开？|到{city}的车几点走？",
        "去{city}的火车{hour}点开。",
        "{hour}点开，几点到{city}？",
        "{hour}点开，{hour1}点到{city}。",
        "我要{years}张去{city}的票。",
        "{years}张去{city}的票，{price}块。",
    ),
    (
        "你会说{language}吗？|你学过{language}吗？",
        "会，我学了{years}年{language}。|不会，但是我会说{language_b}。",
        "{language}难吗？|学{language}难不难？",
        "{language}有点难，但是很有用。|我觉得{language}不难。",
        "我也想学{language}，谁教你的？",
        "{name_c}教我的，{name_c}的{language}很好。",
    ),
    (
        "我{part}疼。|医生，我{part}疼。",
        "{part}疼多久了？|你的{part}怎么了？",
        "{part}疼了{years}天了。|从昨天开始{part}就疼。",
        "别担心，吃了药{part}就不疼了。",
        "吃药的时候可以喝{drink}吗？",
        "不可以喝{drink}，要多喝水。|可以喝{drink}，没关系。",
    ),
    (
        "你要喝{drink}还是{drink_b}？|喝{drink}还是喝{drink_b}？",
        "我要{drink}，谢谢。|给我一杯{drink}吧。",
        "热的{drink}还是冰的{drink}？",
        "热的{drink}吧。|冰的{drink}。",
        "好，你的{drink}来了。",
        "这杯{drink}真好喝，谢谢。",
    ),
    (
        "你家里养{animal}吗？|你养过{animal}吗？",
        "养，我家有一只{colour}的{animal}。|没有，我家养的是{animal_b}。",
        "{animal}可爱吗？|你的{animal}叫什么？",
        "{animal}很可爱，它叫{food}。|我们叫它{food}。",
        "{food}？为什么叫{food}？",
        "因为它喜欢吃{food}。",
    ),
)
_CHOICES = {
    name: tuple(tuple(choice.split(":")) for choice in choices.split())
    for name, choices in _CLASSES.items()
}

_SUFFIXES = ("", "_b", "_c")

Talk = tuple[str, ...]


def talks(count: int, seed: int) -> list[Talk]:
    """Different conversations.

    Args:
        count: How many.
        seed: The same seed gives the same conversations, the first ones of any greater count.

    Returns:
        The lines of each.

    Raises:
        DataError: If there are not so many.
    """
    rng = random.Random(seed)
    found: dict[Talk, None] = {}
    misses = 0
    while len(found) < count:
        talk = _talk(rng)
        misses = misses + 1 if talk in found else 0
        found[talk] = None
        if misses == _MAX_MISSES:
            raise DataError(
                f"the sample has about {len(found):,} different conversations, not {count:,}; set "
                f"sample_conversations lower"
            )
    return list(found)


def _talk(rng: random.Random) -> Talk:
    words = _Words(rng)
    lines = list(rng.choice(_SCENES))
    if rng.random() < _GREETED:
        lines[:0] = _GREETING
    if rng.random() < _PARTED:
        lines += _FAREWELL
    said = [rng.choice(line.split("|")).format_map(words) for line in lines]
    if rng.random() < _SPACED:  # As subtitles are written.
        said = [line.rstrip("。").replace("，", " ") for line in said]
    return tuple(said)


class _Words(dict[str, str]):
    """What slots are filled with throughout a conversation, drawn when it is first asked for."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng

    def __missing__(self, slot: str) -> str:
        name = slot.partition("_")[0].rstrip("12")
        for suffix, drawn in zip(_SUFFIXES, self._rng.sample(_CHOICES[name], 3), strict=True):
            for place, word in enumerate(drawn):
                self[f"{name}{suffix}{place or ''}"] = word
        return self[slot]
