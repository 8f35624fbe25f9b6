"""Addresses that do not exist, part for part: a city for a city, a road for a road; or an address's city alone."""

import re
from functools import cache

from .codes import code_of, is_han, new_number, other_code, pour
from .draws import Draw, Patient
from .numerals import CHINESE, digit_value, number_value
from .surrogate_words import words_of

# What an area's name ends with, the longer ones first, and the list its new name is of. 新乡市 and 景德镇市
# are cities, 红旗区 a district.
_AREAS = {
    "省": "provinces",
    "特别行政区": "place_names",
    "自治区": "provinces",
    "自治州": "place_names",
    "自治县": "place_names",
    "自治旗": "place_names",
    "地区": "place_names",
    "盟": "place_names",
    "市(?!场)": "place_names",
    "开发区": "place_names",
    "新区": "place_names",
    "小区": "roads",
    "社区": "roads",
    "区(?!域)": "place_names",
    "县(?!城[区内里东西南北])": "place_names",
    "旗(?![区镇乡街路村营])": "place_names",
    "街道办事处": "place_names",
    "街道": "place_names",
    "镇(?![市县])": "place_names",
    "乡(?![市县])": "place_names",
    "苏木": "place_names",
}
_STREETS = {
    "大道": "roads",
    "大街": "roads",
    "胡同": "roads",
    "公路": "roads",
    "路": "roads",
    "街(?!道)": "roads",
    "巷": "roads",
    "弄": "roads",
    "公寓": "roads",
    "家园": "roads",
    "花园": "roads",
    "大厦": "roads",
    "新村": "villages",
    "村(?!大?[路街])": "villages",
    "屯": "villages",
    "庄": "villages",
}
_NAME = r"[^\W\d_]"
_NUMBERED = "号院|号楼|号|院|栋|幢|座|单元|室|层|楼|组|队|社|弄|巷|街|路|门|户|户室"
_NUMBER = rf"(?P<number>[0-9０-９]+|[{CHINESE}]{{1,6}}(?={_NUMBERED})|[A-Za-zＡ-Ｚａ-ｚ](?=座|栋|幢|区|楼|单元))"
_PROVINCE_KIND = re.compile("省|市|(?:壮族|回族|维吾尔)?自治区")
# A province without its kind: 河南新乡市, but not 河南路.
_SHORT_PROVINCES = tuple(_PROVINCE_KIND.sub("", province) for province in words_of("provinces"))
_SHORT = rf"(?P<province>{'|'.join(_SHORT_PROVINCES)})(?![省市县区路街巷镇乡村大自壮回维]|$)"
# What says nothing about where it is, between the parts that do.
_WORDS = re.compile(rf"附|{_NUMBERED}|东|西|南|北|中|侧|段|口|旁|对面|附近|内|交叉|与|和|第")
# Names are bounded, and so is the work at each character.
_LONGEST_NAME = 10


AREAS = re.compile(rf"(?:{_SHORT})?(?:{_NAME}{{1,{_LONGEST_NAME}}}?(?:{'|'.join(_AREAS)}))*")
"""The areas that a text begins with; matches always."""
_CITY = re.compile(
    rf"\s*(?:{_NAME}{{1,8}}?(?:省|自治区)\s{{0,2}})?(?:(?![县区村路街号]){_NAME}){{1,{_LONGEST_NAME}}}?(?:市(?!场)|自治州|地区|盟)"
)

# 市 as part of another word, and a town before it, which no city lies in.
_NO_CITY = re.compile("[菜集夜超股]市|(?<!景德)镇(?!江)")


@cache
def _pattern(has_streets: bool) -> re.Pattern[str]:
    kinds = "|".join({**_AREAS, **_STREETS} if has_streets else _AREAS)
    return re.compile(rf"{_NUMBER}|{_SHORT}|(?P<name>{_NAME}{{1,{_LONGEST_NAME}}}?)(?P<kind>{kinds})")


def new_address(text: str, patient: Patient) -> str:
    """Another address, as deep: each province, city, district, town, village, road and number becomes another.

    Provinces are real ones, so that they are believed; all below is invented, or so common that it is nowhere.
    What is the same in two addresses of a patient's records stays the same.
    """
    return _new_parts(text, patient, has_streets=True)


def new_areas_of(text: str, patient: Patient) -> str:
    """The same for areas alone, such as those that an institution's name begins with."""
    return _new_parts(text, patient, has_streets=False)


def _new_parts(text: str, patient: Patient, has_streets: bool) -> str:
    pieces, kept_from = [], 0
    for match in _pattern(has_streets).finditer(text):
        pieces.append(_new_rest(text[kept_from : match.start()], patient))
        if match["number"]:
            pieces.append(_new_place_number(match["number"], text[match.end() : match.end() + 2], patient))
        elif match["province"]:
            pieces.append(patient.next_in_cycle("province", _SHORT_PROVINCES)[match["province"]])
        else:
            pieces.append(_new_area(match["name"], match["kind"], patient))
        kept_from = match.end()
    return "".join((*pieces, _new_rest(text[kept_from:], patient)))


@cache
def _list_of(kind: str) -> str:
    """The list of an area's kind as written (乡, of the pattern 乡(?![市县]))."""
    return {pattern.partition("(")[0]: name for pattern, name in {**_AREAS, **_STREETS}.items()}[kind]


def _new_area(name: str, kind: str, patient: Patient) -> str:
    if kind in ("省", "自治区", "市") and name + kind in words_of("provinces"):
        peers = tuple(word for word in words_of("provinces") if word.endswith(kind))
        return patient.next_in_cycle(f"province {kind}", peers)[name + kind]
    if kind in ("省", "自治区"):
        peers = tuple(word[: -len(kind)] for word in words_of("provinces") if word.endswith(kind))
        return patient.draw("province", name).choice(peers) + kind
    return _new_place_name(name, _list_of(kind), patient) + kind


def _new_place_name(name: str, words: str, patient: Patient) -> str:
    """An invented name; a city is called the same whatever stands after its name."""
    if set(name) <= set("某×X"):
        return name
    return patient.other(words, name, name, lambda draw: draw.choice(words_of(words)))


def _new_place_number(number: str, unit: str, patient: Patient) -> str:
    value = number_value(number)
    normal = code_of(number) if value is None else str(value)

    def make(draw: Draw) -> str:
        if digit_value(number[0]) is None and not is_han(number[0]):
            return pour(draw.choice("abcdef"), number)
        return new_number(number, draw)

    return patient.other(f"number {unit[:1]}", normal, number, make)


def _new_rest(text: str, patient: Patient) -> str:
    """What stands between an address's parts: blanks, marks and 附近 stay, names and letters do not."""

    def replace(match: re.Match[str]) -> str:
        name = match.group()
        if not is_han(name[0]):
            return other_code(name, "letters", patient)
        if _only_words(name):
            return name
        return _new_place_name(name, "place_names" if len(name) < 4 else "roads", patient)

    return re.sub(rf"[A-Za-zＡ-Ｚａ-ｚ]+|{_NAME}+", replace, text)


def _only_words(text: str) -> bool:
    return not _WORDS.sub("", text)


def coarsen_address(text: str) -> str | None:
    """An address up to its city or prefecture: 河南省郑州市金水区… → 河南省郑州市. None if it names none.

    A city of a county's rank (河南省新郑市) looks no different, and stays.
    """
    match = _CITY.match(text)
    return match.group() if match and not _NO_CITY.search(match.group()) else None
