"""The sections of a record that are asked for, found by its headings."""

import re
from collections.abc import Sequence

from modeling_dicmt.normalization import normalize

# What ends a section is the next heading. Any word before a colon may be one (体温：36.5℃), so these are known by name.
HEADINGS = (
    *("主诉", "现病史", "既往史", "个人史", "婚育史", "婚姻史", "月经史", "生育史", "家族史", "过敏史", "手术史"),
    *("一般项目", "一般情况", "病史特点", "病例特点", "体格检查", "查体", "专科检查", "专科情况", "辅助检查"),
    *("实验室检查", "影像学检查", "诊断依据", "鉴别诊断", "初步诊断", "入院诊断", "出院诊断", "修正诊断", "诊断"),
    *("入院情况", "诊疗经过", "治疗经过", "诊疗计划", "治疗", "手术记录", "病程记录", "出院情况", "出院医嘱", "医嘱"),
)
# A heading stands where a document, a line or a sentence starts.
_START = r"(?:\A|(?<=[。！？；!?;\n]))[^\S\n]*"


class SectionFilter:
    """Takes the sections of the given names from texts.

    A section reaches from its heading (现病史：, 【现病史】) to the next heading, which is one of `HEADINGS` or of the
    given names. Width and case of names do not count.

    Args:
        names: The sections that are asked for.
    """

    def __init__(self, names: Sequence[str]):
        self._names = {_folded(name) for name in names}
        # Longest first, so that 出院诊断 is not taken for a shorter name.
        known = sorted({*map(_folded, HEADINGS), *self._names}, key=lambda name: (-len(name), name))
        words = "|".join(map(re.escape, known))
        self._heading = re.compile(f"{_START}(?:【(?P<bracketed>{words})】|(?P<plain>{words})[^\\S\\n]*:)")

    def is_chosen(self, section: str) -> bool:
        """Whether a record whose section has a name is asked for."""
        return _folded(section) in self._names

    def headings(self, text: str) -> list[tuple[int, str]]:
        """Where headings stand in a text, and their names."""
        found = self._heading.finditer(normalize(text))
        return [(match.start(), match["bracketed"] or match["plain"]) for match in found]

    def select(self, text: str, headings: Sequence[tuple[int, str]]) -> str:
        """The chosen sections of a text with their headings, a line break between two that did not touch."""
        starts = [*(start for start, _ in headings), len(text)]
        chosen: list[str] = []
        last = None
        for (start, name), end in zip(headings, starts[1:], strict=True):
            if name in self._names:
                chosen += [*(["\n"] if last not in (None, start) else []), text[start:end]]
                last = end
        return "".join(chosen)


def _folded(name: str) -> str:
    return normalize(name).strip()
