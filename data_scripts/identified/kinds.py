"""Kinds of records: the paragraphs that make up each, and how frequent it is."""

from typing import NamedTuple

PLAIN_POOLS = ("clinical", "plain", "hard")
"""Pools of sentences without an identifier."""
LINE_POOLS = ("row", "signature", "report", "list", "bare", "form")
"""Pools whose sentences stand each on its line."""


class Part(NamedTuple):
    """A paragraph of a record.

    Args:
        pool: Where its sentences are from; "head" for fields.
        least: How many sentences at least.
        most: And at most.
        headings: One of them may begin it.
    """

    pool: str
    least: int = 1
    most: int = 1
    headings: str = ""


class Kind(NamedTuple):
    """A kind of record: its titles, how many of a hundred records are one, and its paragraphs."""

    titles: str
    weight: int
    parts: tuple[Part, ...]

    @property
    def is_plain(self) -> bool:
        """Whether such records have no identifier."""
        return all(part.pool in PLAIN_POOLS for part in self.parts)


_PAST = "既往史： 个人史： 家族史： 婚育史： 现病史： 主诉： 流行病学史："
_BODY = "体格检查： 查体： 专科检查： 辅助检查： 初步诊断： 目前情况："
_COURSE = "诊疗经过： 病程： 目前情况： 处理： 沟通记录："
KINDS: tuple[Kind, ...] = (
    Kind(
        "入院记录 住院病历 入院病历 住院病案首页",
        12,
        (
            Part("head"),
            Part("opening"),
            Part("history", 2, 5, _PAST),
            Part("clinical", 1, 3, _BODY),
            Part("signature", 1, 2),
        ),
    ),
    Kind(
        "首次病程记录 病程记录 日常病程记录",
        12,
        (Part("opening"), Part("course", 1, 3, _COURSE), Part("clinical", 1, 3, _BODY), Part("signature")),
    ),
    Kind(
        "上级医师查房记录 查房记录 会诊记录 疑难病例讨论记录 交接班记录",
        14,
        (Part("rounds", 2, 5), Part("clinical", 1, 2), Part("course", 0, 2), Part("signature", 1, 2)),
    ),
    Kind(
        "出院记录 出院小结 转科记录 死亡记录",
        10,
        (
            Part("head"),
            Part("history", 0, 2, _PAST),
            Part("course", 1, 2, _COURSE),
            Part("discharge", 2, 4, "出院医嘱： 出院情况："),
            Part("signature"),
        ),
    ),
    Kind(
        "护理记录 交班报告 护理交班",
        8,
        (Part("course", 2, 5), Part("row", 0, 4), Part("plain", 1, 2), Part("signature")),
    ),
    Kind(
        "手术记录 麻醉记录 术前讨论 术后首次病程",
        6,
        (Part("head"), Part("rounds", 2, 3), Part("clinical", 1, 3, "手术经过： 术中所见："), Part("signature")),
    ),
    Kind(
        "检查报告 病理报告单 检验报告 超声报告",
        7,
        (Part("head"), Part("report", 1, 3), Part("clinical", 1, 2, "检查所见： 诊断意见："), Part("signature")),
    ),
    Kind(
        "知情同意书 授权委托书 病情告知书 谈话记录",
        4,
        (Part("head"), Part("plain", 1, 3), Part("course", 0, 1), Part("signature", 2, 3)),
    ),
    Kind(
        "门诊病历 急诊病历 院前急救记录 留观记录",
        8,
        (Part("head"), Part("opening", 0, 1), Part("history", 1, 2), Part("plain", 1, 2), Part("signature")),
    ),
    Kind("随访记录 电话随访 转诊单", 5, (Part("discharge", 2, 5), Part("plain", 0, 2))),
    Kind("登记表 手术排班 值班表 名单", 4, (Part("row", 3, 8), Part("signature", 0, 1))),
    Kind("首页 登记信息 基本信息", 4, (Part("head"), Part("head"))),
    Kind("", 12, (Part("plain", 1, 3), Part("clinical", 1, 4), Part("plain", 0, 3))),
    Kind("", 3, (Part("plain", 1, 1),)),
    *(
        Kind("", 2, (Part(pool, 1, 2), Part("clinical", 0, 1)))
        for pool in ("opening", "history", "course", "rounds", "discharge", "signature")
    ),
    Kind(
        "电话记录 电话登记 随访电话 留言 便条 来电登记",
        7,
        (Part("call", 1, 3), Part("hard", 0, 1), Part("running", 0, 1), Part("bare", 0, 1)),
    ),
    Kind(
        "函 复函 介绍信 回函 证明 投诉登记 信访转办 病情证明 委托书",
        5,
        (Part("letter", 1, 3), Part("hard", 0, 1), Part("clinical", 0, 1), Part("bare", 0, 1)),
    ),
    Kind(
        "函 复函 介绍信 回函 证明 投诉登记 信访转办 病情证明 委托书",
        4,
        (Part("head"), Part("letter", 1, 3), Part("hard", 0, 1), Part("clinical", 0, 1), Part("bare", 0, 1)),
    ),
    Kind(
        "院前急救记录 出车记录 转运单 转诊单 随车记录 急诊接诊",
        4,
        (Part("ambulance", 1, 3), Part("clinical", 0, 2, _BODY), Part("hard", 0, 1), Part("bare", 0, 1)),
    ),
    Kind(
        "院前急救记录 出车记录 转运单 转诊单 随车记录 急诊接诊",
        4,
        (Part("head"), Part("ambulance", 1, 3), Part("clinical", 0, 2, _BODY), Part("hard", 0, 1), Part("bare", 0, 1)),
    ),
    Kind("名单 登记 交班本 排班 一览表 签到表 台账", 8, (Part("list", 1, 4), Part("hard", 0, 1), Part("bare", 0, 1))),
    Kind(
        "接种登记 透析记录 产科记录 发血单 体检表 登记卡 报告卡 死亡证明 出生证明",
        4,
        (Part("form", 1, 4), Part("hard", 0, 2), Part("running", 0, 1), Part("bare", 0, 1)),
    ),
    Kind(
        "接种登记 透析记录 产科记录 发血单 体检表 登记卡 报告卡 死亡证明 出生证明",
        7,
        (Part("head"), Part("form", 1, 4), Part("hard", 0, 2), Part("running", 0, 1), Part("bare", 0, 1)),
    ),
    Kind(
        "精神检查 心理咨询记录 社工记录 个人史 发育评估",
        3,
        (Part("psychiatry", 1, 3), Part("family", 0, 1), Part("hard", 0, 2), Part("bare", 0, 1)),
    ),
    Kind(
        "精神检查 心理咨询记录 社工记录 个人史 发育评估",
        4,
        (Part("head"), Part("psychiatry", 1, 3), Part("family", 0, 1), Part("hard", 0, 2), Part("bare", 0, 1)),
    ),
    Kind(
        "谈话记录 医患沟通 知情同意 讨论记录 病危通知 多学科讨论",
        4,
        (Part("consent", 1, 3), Part("running", 0, 1), Part("clinical", 0, 2), Part("bare", 0, 2)),
    ),
    Kind(
        "谈话记录 医患沟通 知情同意 讨论记录 病危通知 多学科讨论",
        4,
        (Part("head"), Part("consent", 1, 3), Part("running", 0, 1), Part("clinical", 0, 2), Part("bare", 0, 2)),
    ),
    Kind(
        "报告 手术经过 操作记录 会诊意见 病理 放疗记录",
        3,
        (Part("clinical", 0, 2), Part("examination", 1, 2), Part("hard", 0, 1), Part("bare", 0, 1)),
    ),
    Kind(
        "报告 手术经过 操作记录 会诊意见 病理 放疗记录",
        6,
        (Part("head"), Part("clinical", 0, 2), Part("examination", 1, 2), Part("hard", 0, 1), Part("bare", 0, 1)),
    ),
    Kind(
        "护理记录 巡视记录 病程 交班 补记 晨间交班",
        12,
        (Part("running", 1, 3), Part("clinical", 0, 2), Part("hard", 0, 1), Part("roles", 0, 1), Part("bare", 0, 1)),
    ),
    Kind(
        "护理记录 巡视记录 病程 交班 补记 晨间交班",
        4,
        (
            Part("head"),
            Part("running", 1, 3),
            Part("clinical", 0, 2),
            Part("hard", 0, 1),
            Part("roles", 0, 1),
            Part("bare", 0, 1),
        ),
    ),
    Kind(
        "病史 家族史 现病史 门诊病历 访视记录 家庭访视",
        5,
        (Part("family", 1, 3), Part("clinical", 0, 2), Part("running", 0, 1), Part("hard", 0, 1), Part("bare", 0, 1)),
    ),
    Kind(
        "病史 家族史 现病史 门诊病历 访视记录 家庭访视",
        6,
        (
            Part("head"),
            Part("family", 1, 3),
            Part("clinical", 0, 2),
            Part("running", 0, 1),
            Part("hard", 0, 1),
            Part("bare", 0, 1),
        ),
    ),
    Kind(
        "查房 会诊 工作记录 值班记录",
        10,
        (Part("roles", 1, 3), Part("clinical", 0, 2), Part("hard", 0, 1), Part("bare", 0, 1)),
    ),
    Kind("", 8, (Part("clinical", 0, 2), Part("running"), Part("clinical", 0, 2), Part("hard", 0, 1))),
    Kind("", 8, (Part("boundary", 1, 3), Part("clinical", 0, 2), Part("hard", 0, 1))),
    Kind("护理记录 病程记录 交接", 8, (Part("boundary", 2, 4), Part("hard", 0, 1), Part("bare", 0, 1))),
    Kind("", 16, (Part("passage"), Part("hard", 0, 1), Part("bare", 0, 1))),
    Kind("记录 日志 工作日志 补记", 4, (Part("passage", 1, 2), Part("clinical", 0, 2), Part("bare", 0, 1))),
    Kind("", 6, (Part("clinical", 1, 3), Part("bare", 1, 2))),
    Kind("", 17, (Part("hard", 1, 4), Part("clinical", 0, 2))),
    Kind("", 12, (Part("clinical", 1, 3), Part("hard", 0, 2), Part("clinical", 0, 2))),
)
"""Two hundred and some records' worth of kinds, half of them of all departments; one in eight is plain."""
