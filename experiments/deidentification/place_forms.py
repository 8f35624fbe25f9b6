"""Addresses, institutions, beds and wards, as they are given on admission and written afterwards."""

import random

from .date_forms import in_chinese
from .place_lists import (
    CARE_HOMES,
    ESTATES,
    FIRM_ENDS,
    FIRM_ROOTS,
    KNOWN_HOSPITALS,
    MUNICIPALITIES,
    OFFICES,
    PASTURES,
    REGIONS,
    SHORT_PROVINCES,
    STREETS,
    TOWNS,
    UNIVERSITIES,
    VILLAGE_ENDS,
    VILLAGE_ROOTS,
)


def draw_region(source: random.Random) -> tuple[str, ...]:
    """First digits of identity numbers, province, city, county; a municipality is its own city."""
    if source.random() < 0.12:
        code, city, *districts = source.choice(MUNICIPALITIES)
        return code, city, "", source.choice(districts)
    code, province, city, *counties = source.choice(REGIONS)
    return code, province, city, source.choice(counties)


def draw_address(source: random.Random, region: tuple[str, ...]) -> str:
    """An address down to the house, the room or the group of a village.

    Args:
        source: Where all choices come from.
        region: See `draw_region`.
    """
    _, province, city, county = region
    short = SHORT_PROVINCES.get(province, province.removesuffix("省"))
    above = source.choice(
        (
            f"{province}{city}{county}",
            f"{province}{city}{county}",
            f"{province} {city} {county}",
            f"{short}{city}{county}",
            f"{short}{county}",
            f"{city or province}{county}",
            f"{city or province}{county}",
            county,
        )
    )
    if county.endswith("区") or source.random() < 0.3:
        return above + _house(source)
    return above + _village(source, "旗" in county)


def draw_place(source: random.Random, region: tuple[str, ...]) -> str:
    """Where somebody was born: province and city or county, no house."""
    _, province, city, county = region
    short = SHORT_PROVINCES.get(province, province.removesuffix("省"))
    return source.choice(
        (f"{province}{city}{county}", f"{short}{city.removesuffix('市')}", f"{province}{county}", f"{short}{county}")
    )


def draw_near_address(source: random.Random) -> str:
    """An address without any administrative name above a township: a house in a street, a group of a village."""
    if source.random() < 0.5:
        return _house(source)
    village = source.choice(VILLAGE_ROOTS) + source.choice(VILLAGE_ENDS)
    return source.choice((f"{village}{_group(source)}", f"{source.choice(TOWNS)}{village}"))


def _house(source: random.Random) -> str:
    number, floor = source.randint(1, 360), source.randint(1, 28)
    room = f"{floor}{source.randint(1, 4):02d}"
    street, estate = source.choice(STREETS), source.choice(ESTATES)
    building, unit = source.randint(1, 40), source.randint(1, 4)
    return source.choice(
        (
            f"{street}{number}号",
            f"{street}{number}号院{building}号楼{unit}单元{room}室",
            f"{street}{number}号院{building}号楼{unit}单元{room}",
            f"{estate}{building}号楼{unit}单元{room}室",
            f"{estate}{building}栋{room}",
            f"{street}{number}弄{building}号{room}室",
            f"{street}{number}号{estate}{building}-{unit}-{room}",
            f"{street}{number}号附{unit}号",
            f"{street}与{source.choice(STREETS)}交叉口{estate}{building}幢{unit}单元{floor}楼西户",
            f"{estate}{in_chinese(building)}号楼{in_chinese(unit)}单元{room}室",
            f"{street}甲{number}号",
            f"{street} {number} 号 {building} 号楼 {room} 室",
            f"{source.choice(TOWNS)}{street}{number}号",
            f"{estate}{source.choice('ABC')}座{floor}层{room}",
        )
    )


def _group(source: random.Random) -> str:
    number = source.randint(1, 12)
    return source.choice(
        (f"{number}组", f"{in_chinese(number)}组", f"{number}社", f"{number}队", f"{number * 17}号", "")
    )


def _village(source: random.Random, pasture: bool) -> str:
    if pasture:
        return source.choice(PASTURES) + source.choice(("", f"{source.randint(1, 80)}号"))
    village = source.choice(VILLAGE_ROOTS) + source.choice(VILLAGE_ENDS)
    committee = source.choice(("", "", "", "", "行政村"))
    return f"{source.choice(TOWNS)}{village}{committee}{_group(source)}"


def draw_hospital(source: random.Random, region: tuple[str, ...]) -> str:
    """The full name of a hospital."""
    _, province, city, county = region
    place = source.choice((city or province, county))
    ordinal = in_chinese(source.randint(1, 9))
    if source.random() < 0.3:
        return source.choice(KNOWN_HOSPITALS)
    university = source.choice(UNIVERSITIES)
    return source.choice(
        (
            f"{place}第{ordinal}人民医院",
            f"{place}人民医院",
            f"{place}中医院",
            f"{place}妇幼保健院",
            f"{province}人民医院",
            f"{province}{source.choice(('肿瘤', '胸科', '儿童', '精神病', '口腔'))}医院",
            f"{university}第{ordinal}附属医院",
            f"{university}附属{source.choice(('', '肿瘤', '口腔', '儿童'))}医院",
            f"{place}{source.choice(TOWNS)}卫生院",
            f"{county}{source.choice(TOWNS)}中心卫生院",
            f"{place}传染病医院",
            f"{place}{source.choice(FIRM_ROOTS)}骨科医院",
            f"{source.choice(FIRM_ROOTS)}眼科医院",
            f"{source.choice(('某某', '××', 'XX'))}县{source.choice(('人民医院', '中医院', '妇幼保健院'))}",
        )
    )


def draw_unit(source: random.Random, region: tuple[str, ...]) -> str:
    """Where somebody works, learns or lives: firm, school, office, home."""
    _, province, city, county = region
    place = source.choice((city or province, county))
    return source.choice(
        (
            source.choice(FIRM_ROOTS) + source.choice(FIRM_ENDS),
            place + source.choice(FIRM_ROOTS) + source.choice(FIRM_ENDS),
            province + source.choice(FIRM_ROOTS) + source.choice(FIRM_ENDS),
            f"{place}第{in_chinese(source.randint(1, 19))}中学",
            f"{place}实验小学",
            f"{place}{source.choice(('机关', '第一', '阳光', '蓝天'))}幼儿园",
            source.choice(UNIVERSITIES),
            f"{county}{source.choice(OFFICES)}",
            f"{city or province}{source.choice(OFFICES)}",
            source.choice(CARE_HOMES),
            f"中国农业银行{county}支行",
            f"{source.choice(STREETS)}派出所",
            f"{county}{source.choice(TOWNS)}人民政府",
        )
    )


def draw_school(source: random.Random, region: tuple[str, ...]) -> str:
    """Where somebody learns."""
    _, province, city, county = region
    place = source.choice((city or province, county))
    ordinal = in_chinese(source.randint(1, 19))
    names = (f"{place}第{ordinal}中学", f"{place}实验小学", f"{place}高级中学", f"{place}卫生学校")
    return source.choice((*names, source.choice(UNIVERSITIES)))


def draw_police(source: random.Random) -> str:
    """A police station."""
    return f"{source.choice(STREETS)}派出所"


def draw_bed(source: random.Random) -> tuple[str, str]:
    """Bed and ward of a stay: as a bed is written, and as a ward is."""
    number, ward = source.randint(1, 68), source.randint(1, 23)
    bed = source.choice(
        (
            f"{number}床",
            f"{number}床",
            f"{number}床",
            f"{number}床",
            f"+{number % 9 + 1}床",
            f"加{number % 9 + 1}床",
            f"{number}A床",
            f"{number:02d}床",
            f"{number} 床",
            f"{number}号床",
            f"{in_chinese(number)}床",
            f"{ward}-{number}床",
            f"A{number}床",
            f"0{ward:02d}{number % 10}床",
            f"{number}-1床",
        )
    )
    word = in_chinese(ward)
    return bed, source.choice((f"{ward}病区", f"{ward}病区", f"{word}病区", f"{word}病室", f"第{word}病区"))


def bare_bed(bed: str) -> str:
    """What stands after 床号: of a bed."""
    return bed.removesuffix("床").removesuffix("号").strip()
