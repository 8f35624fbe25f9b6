"""Which sentences make up which kind of record."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import NamedTuple

from . import field_templates, note_templates, plain_templates, report_templates, staff_templates
from .filling import Piece, fill
from .own_sentences import name_somebody
from .patient import Patient

POOLS: dict[str, tuple[str, ...]] = {
    "opening": note_templates.OPENINGS,
    "history": note_templates.HISTORY,
    "course": note_templates.COURSE,
    "discharge": report_templates.DISCHARGE,
    "report": report_templates.REPORTS,
    "rounds": staff_templates.ROUNDS,
    "signature": staff_templates.SIGNATURES,
    "row": field_templates.ROWS,
    "clinical": plain_templates.CLINICAL,
    "plain": plain_templates.PLAIN,
    **{f"field {subject}": fields for subject, fields in field_templates.FIELDS.items()},
}
"""All templates, by what they are for."""

PLAIN_POOLS = ("clinical", "plain")
OWN = "own"
_HELD_OUT = 12
"""One template in so many is the development part's alone, which would otherwise only tell what was learnt by heart."""


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


_NAMED_SHARE = 0.2
"""Of the sentences of findings, those that name somebody without a word that tells so."""

_OWN_SHARE = 0.8
_NAMED_OWN_SHARE = 0.5
"""Of the sentences of findings those that are a user's own, and of these those that name somebody."""

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
)
"""A hundred and some records' worth of kinds; one in eight has no identifier."""


def is_held_out(template: str) -> bool:
    """Whether a template is kept for the development part."""
    return zlib.crc32(template.encode()) % _HELD_OUT == 0


def pools_of(may_use: Callable[[str], bool], own: Sequence[str] = ()) -> dict[str, list[str]]:
    """The templates that may be used, by what they are for, and a user's own sentences that may be."""
    return {name: [*filter(may_use, pool)] for name, pool in {**POOLS, OWN: own}.items()}


def compose_document(patient: Patient, pools: Mapping[str, Sequence[str]] = POOLS) -> tuple[str, list[Piece]]:
    """A record of some kind about a patient.

    Args:
        patient: Whom it is about.
        pools: What it is made of; the sentences in `OWN`, if there are any, take the place of most of the findings.

    Returns:
        The kind's title, "" for stray sentences, and the record's stretches.
    """
    random = patient.random
    kind = random.choices(KINDS, [kind.weight for kind in KINDS])[0]
    title = random.choice(kind.titles.split()) if kind.titles else ""
    pieces: list[Piece] = []
    if title and random.random() < 0.5:
        if random.random() < 0.25:
            pieces += [*fill("{hospital}[\n| ]", patient)]
        pieces.append(Piece(title + random.choice(("\n", "\n", " ", "：", ""))))
    between = random.choice(("\n", "\n", "\n", "\n\n", "", "  "))
    for part in kind.parts:
        added = (
            _head(patient, pools)
            if part.pool == "head"
            else _paragraph(part, patient, pools, is_named=not kind.is_plain)
        )
        if added and pieces and not pieces[-1].text.endswith("\n"):
            pieces.append(Piece(between or _mark(pieces, random)))
        pieces += added
    return title, [piece for piece in pieces if piece.text]


def _sample(templates: Sequence[str], count: int, random: Random) -> list[str]:
    return random.sample(templates, min(count, len(templates)))


def _mark(pieces: Sequence[Piece], random: Random) -> str:
    """What ends a sentence that has no mark of its own."""
    return "" if not pieces or pieces[-1].text[-1] in "。，；\n：:" else random.choice(("。", "。", "，", "；", " "))


def _paragraph(part: Part, patient: Patient, pools: Mapping[str, Sequence[str]], is_named: bool) -> list[Piece]:
    random, own = patient.random, pools.get(OWN, ())
    pieces: list[Piece] = []
    is_list = part.pool in ("row", "signature", "report") or random.random() < 0.1
    if part.headings and random.random() < 0.5:
        pieces.append(Piece(random.choice(part.headings.split())))
    for template in _sample(pools[part.pool], random.randint(part.least, part.most), random):
        if pieces:
            pieces.append(Piece(random.choice(("\n", "\n", "    ")) if is_list else _mark(pieces, random)))
        if part.pool == "clinical":
            is_own = bool(own) and random.random() < _OWN_SHARE
            template = random.choice(own) if is_own else template
            if is_named and random.random() < (_NAMED_OWN_SHARE if is_own else _NAMED_SHARE):
                template = name_somebody(template, random) if is_own else _name_somebody(template, random)
        pieces += fill(template, patient)
        # Identifiers in the midst of findings, not only beside each other.
        if part.pool in ("history", "course", "rounds") and random.random() < 0.3:
            pieces.append(Piece(_mark(pieces, random)))
            pieces += fill(random.choice(own or pools[random.choice(PLAIN_POOLS)]), patient)
    return [piece for piece in pieces if piece.text]


def _name_somebody(template: str, random: Random) -> str:
    """A sentence of findings that names somebody: 王建国咳嗽、咳痰, 患者李娜仍腹痛."""
    slot = random.choice(("{patient}", "{patient}", "{person}"))
    if "患者" in template:
        return template.replace("患者", random.choice((slot, "患者" + slot)), 1)
    return slot + random.choice(("", "", "，", "：", " ")) + template


def _head(patient: Patient, pools: Mapping[str, Sequence[str]]) -> list[Piece]:
    """Fields, most of them in their usual order, between the same signs."""
    random = patient.random
    subjects = [subject for subject in field_templates.TYPICAL if random.random() < 0.7]
    subjects += random.sample(sorted(field_templates.FIELDS), random.randint(1, 5))
    if random.random() < 0.4:
        random.shuffle(subjects)
    between = random.choice(("  ", "    ", "\n", "\n", "，", " ", "\t", "；", "　", " | ", "  ", "、"))
    pieces: list[Piece] = []
    for subject in subjects:
        for template in _sample(pools[f"field {subject}"], 1, random):
            if pieces:
                pieces.append(Piece("\n" if random.random() < 0.1 else between))
            pieces += fill(template, patient)
    return pieces
