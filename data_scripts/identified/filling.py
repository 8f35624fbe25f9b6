"""A template → the stretches of a text, each an identifier of a type or plain.

A template is text with
    {slot}          an identifier (`patient.py`), a figure or word (below), or in capitals a term, as in the sample
    {slot*}         two to four of them, as a list
    [one|two|]      a choice, also within another
    ~               what stands between a label and its value: ：, a blank, nothing
"""

import re
from random import Random
from typing import NamedTuple

from ..sample_templates import FILLERS
from ..sample_vocabulary import DUAL, LIST_OF_KIND, LISTS, SIGNS
from .patient import Patient
from .role_vocabulary import ADDRESSES_OF_PEOPLE, KINSHIP, ROLES

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)(\*?)\}")
TERMS: dict[str, list[str]] = {kind: LISTS[name] for kind, name in LIST_OF_KIND.items()} | {"N": list(SIGNS), "X": DUAL}
"""The sample's terms by the letter that a slot has for their kind."""

WORDS: dict[str, tuple[str, ...]] = {
    **FILLERS,
    "role": tuple(ROLES),
    "kinship": tuple(KINSHIP),
    "called": tuple(ADDRESSES_OF_PEOPLE),
    "sex_and": ("男", "女", "男性", "女性"),
    "title": (
        "主任医师 副主任医师 主治医师 主治医生 住院医师 主任 副主任 教授 副教授 医师 医生 大夫 院长 科主任 "
        "麻醉医师 规培医师 进修医师 主管技师 副院长 "
        "二线医师 值班医生 管床医生"
    ).split(),
    "short_title": "主任 主任 教授 医生 大夫 老师 院长 医师 副主任 护士长 博士 主治 总 科长".split(),
    "nurse_title": "护士 护士 护士长 主管护师 护师 责任护士 副主任护师 助产士".split(),
    "courtesy": "先生 女士 老先生 同志 老师 大爷 大妈 阿姨 师傅 小姐 奶奶 老人".split(),
    "relation": (
        "父亲 母亲 丈夫 妻子 爱人 配偶 儿子 女儿 长子 次子 大女儿 小儿子 儿媳 女婿 哥哥 弟弟 姐姐 妹妹 孙子 孙女 "
        "外孙女 爷爷 奶奶 外婆 侄子 外甥 舅舅 "
        "姑姑 表哥 堂弟 叔叔 家属 监护人 同事 邻居 朋友 同学 工友 班主任 护工 老乡 房东"
    ).split(),
    "his": "其父 其母 其妻 其夫 其子 其女 其弟 其姐 其女婿 其儿媳 其爱人 其兄 其孙 其侄子 其家属 其哥哥".split(),
    "of": "之父 之母 之妻 之夫 之子 之女 之兄 之弟 的父亲 的妻子 的儿子 的女儿 的丈夫 的家属 的母亲".split(),
    "dept": (
        "心内科 呼吸科 消化内科 普外科 骨科 神经内科 神经外科 泌尿外科 妇产科 儿科 ICU 急诊科 肿瘤科 内分泌科 "
        "肾内科 血液科 感染科 眼科 耳鼻喉科 口腔科 皮肤科 "
        "康复科 中医科 麻醉科 胸外科 血管外科 肝胆外科 重症医学科 老年病科 风湿免疫科 介入科 放射科 超声科 病理科 "
        "检验科 输血科 新生儿科"
    ).split(),
    "job": (
        "农民 工人 退休 教师 学生 无业 司机 职员 个体 公务员 退休工人 务农 医生 军人 儿童 家务 自由职业 会计 厨师"
    ).split(),
    "nation": "汉 汉族 回族 维吾尔族 满族 藏族 蒙古族 壮族 彝族 汉族".split(),
    "married": "已婚 未婚 离异 丧偶 已".split(),
    "none": "不详 无 未提供 拒绝提供 同上 见首页 未填 / — 待补 未留 缺如".split(),
    "home": (
        "我院 外院 当地医院 上级医院 当地诊所 社区医院 附近诊所 县医院 市医院 下级医院 私人诊所 某三甲医院 "
        "省级医院 本院门诊 乡镇卫生院 当地县人民医院"
    ).split(),
    "eponym": (
        "帕金森病 阿尔茨海默病 霍奇金淋巴瘤 库欣综合征 艾迪生病 梅尼埃病 川崎病 白塞病 桥本甲状腺炎 "
        "格林-巴利综合征 雷诺现象 克罗恩病 史密斯骨折 柯雷氏骨折 "
        "巴雷特食管 马方综合征 唐氏综合征 贝尔麻痹 夏科关节 杜氏肌营养不良 威尔逊病 汉坦病毒 鲍温病 佩吉特病 "
        "施万细胞瘤 贺氏结节 康氏综合征 孟氏裂"
    ).split(),
    "sign": (
        "巴宾斯基征 墨菲征 霍夫曼征 布氏征 克氏征 麦氏点压痛 布鲁津斯基征 拉塞格征 查多克征 戈登征 奥本海姆征 "
        "罗夫辛征 托马斯征 Babinski征 Murphy征 Kernig征 "
        "Hoffmann征 Romberg征 柯兴氏征 凯尔尼格征 郎飞结 毕奥呼吸 陈-施呼吸 库氏呼吸"
    ).split(),
    "device": (
        "克氏针 福莱氏导尿管 斯氏针 哈氏棒 贝林式眼镜 史赛克电钻 石膏托 双J管 T管 PICC导管 Foley尿管 Swan-Ganz导管 "
        "马氏尿管 林格氏液 罗氏试剂 施乐辉关节镜 布朗架 "
        "托马斯架 马林克罗特 强生缝线 杨克吸引头 包氏钳 艾利斯钳 柯克钳"
    ).split(),
    "recipe": (
        "安宫牛黄丸 云南白药 六味地黄丸 马应龙痔疮膏 金水宝胶囊 柴胡疏肝散 王氏连朴饮 黄连解毒汤 温胆汤 白虎汤 "
        "小柴胡汤 龙胆泻肝汤 葛根汤 左归丸 石斛夜光丸 "
        "血府逐瘀汤 何首乌 金银花 黄芪 白术 杜仲 牛膝 党参 车前子 柏子仁 连翘 丁香 江剪刀草 马齿苋 史国公药酒 "
        "季德胜蛇药 方氏正骨水 陈皮 常山 牛黄 苏叶"
    ).split(),
    "score": (
        "GCS 15分|NYHA Ⅲ级|Child-Pugh B级|Braden评分 16分|Barthel指数 60分|Morse评分 45分|VAS 3分|APACHEⅡ "
        "18分|Killip Ⅱ级|Apgar 9-10-10分|Caprini 5分|MMSE 24分|ASA Ⅱ级|"
        "CURB-65 2分|NRS2002 3分|Ranson 2分|Gleason 4+3=7分|Garden Ⅲ型|Hunt-Hess Ⅱ级|Lauge-Hansen 旋后外旋型"
    ).split("|"),
}
"""Words of a lower-case slot that are no identifier."""


class Piece(NamedTuple):
    """A stretch of a record's text.

    Args:
        text: The stretch.
        type: An identifier's type, or "" for plain text.
    """

    text: str
    type: str = ""


def choose(random: Random, template: str) -> str:
    """Take one of each choice of a template, the innermost first."""
    while _CHOICE.search(template):
        template = _CHOICE.sub(lambda match: random.choice(match[1].split("|")), template)
    return template


def fill(template: str, patient: Patient) -> list[Piece]:
    """What a template reads as for a patient.

    Raises:
        KeyError: If the template has a slot that there is not.
    """
    random = patient.random
    template = choose(random, template)
    while "~" in template:
        template = template.replace("~", _separator(random), 1)
    pieces: list[Piece] = []
    position = 0
    for slot in _SLOT.finditer(template):
        pieces.append(Piece(template[position : slot.start()]))
        position = slot.end()
        for number in range(random.randint(2, 4) if slot[2] else 1):
            if number:
                pieces.append(Piece(random.choice(("、", "、", "、", "，", ",", "/", " "))))
            pieces.append(_content(slot[1], patient))
    pieces.append(Piece(template[position:]))
    return [piece for piece in pieces if piece.text]


def _separator(random: Random) -> str:
    return random.choice(
        ("：", "：", "：", "：", "：", ":", ":", ": ", "： ", " ", "　", "  ", "", " ：", "：____", ":\t")
    )


def _content(slot: str, patient: Patient) -> Piece:
    if slot.isupper():
        return Piece(patient.random.choice(TERMS[patient.random.choice(slot)]))
    if slot == "age":
        return Piece(*patient.age())
    found = patient.identifier(slot)
    if found is not None:
        return Piece(*found)
    if slot == "sex":
        return Piece(patient.sex)
    return Piece(patient.random.choice(WORDS[slot]) if slot in WORDS else _figure(slot, patient.random))


def _figure(slot: str, random: Random) -> str:
    draw = random.randint
    return {
        "num": lambda: str(draw(1, 9)),
        "two": lambda: str(draw(10, 99)),
        "three": lambda: str(draw(100, 400)),
        "years": lambda: str(draw(2, 89)),
        "ordinal": lambda: random.choice("一二三四五六七八九十"),
        "hour": lambda: str(draw(0, 23)),
        "clock": lambda: random.choice(("{}:{:02d}", "{}:{:02d}", "{}：{:02d}", "{}时{:02d}分", "{}点{:02d}分")).format(
            draw(0, 23), draw(0, 59)
        ),
        "temp": lambda: f"{draw(360, 395) / 10}",
        "pulse": lambda: str(draw(58, 120)),
        "breath": lambda: str(draw(14, 28)),
        "pressure": lambda: f"{draw(90, 180)}/{draw(50, 105)}",
        "point": lambda: f"{draw(0, 99)}.{draw(0, 99)}",
        "level": lambda: random.choice(
            ("L4/5", "L5/S1", "C5/6", "T12", "L3-4", "T1N0M0", "C3/4、C4/5", "pT2N1M0", "L1")
        ),
        "letter": lambda: random.choice("ABCDE"),
    }[slot]()
