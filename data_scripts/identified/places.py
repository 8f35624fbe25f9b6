"""Addresses, regions and institutions."""

from random import Random

from . import place_vocabulary as words
from .name_vocabulary import SURNAMES

_PROVINCES = tuple(words.CITIES.items())
_HAN = "一二三四五六七八九十"


def _name(random: Random, longest: int = 2) -> str:
    return "".join(random.choice(words.PLACE_CHARACTERS) for _ in range(random.choice((longest, 2, 2))))


def _province_and_city(random: Random) -> tuple[str, str]:
    province, cities = random.choice(_PROVINCES)
    return province, random.choice(cities.split()) if cities else ""


def _short(province: str) -> str:
    for end in ("壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "省", "市"):
        if province.endswith(end):
            return province.removesuffix(end)
    return province


def _district(random: Random) -> str:
    if random.random() < 0.3:
        return random.choice(words.DISTRICTS) + "区"
    return _name(random) + random.choice(words.DISTRICT_KINDS)


def compose_village(random: Random) -> str:
    """A village, with its group or a house: 王家村三组."""
    name = (
        random.choice(SURNAMES[:200]) + random.choice("家家家楼庄店寨岗湾")
        if random.random() < 0.5
        else _name(random, 3)
    )
    group = random.choice((random.choice(_HAN), str(random.randint(1, 15))))
    inside = random.choice(
        ("", "", *(group + kind for kind in ("组", "组", "队", "社", "村民小组")), f"{random.randint(1, 200)}号")
    )
    return name + random.choice(words.VILLAGE_KINDS) + inside


def _street_and_house(random: Random) -> str:
    number = random.randint(1, 300)
    road = random.choice(words.ROADS) if random.random() < 0.6 else _name(random)
    street = road + random.choice(words.ROAD_KINDS)
    estate = (random.choice(words.ESTATES) if random.random() < 0.7 else _name(random)) + random.choice(
        words.ESTATE_KINDS
    )
    street += random.choice((f"{number}号", f"{number}号院", f"{number}号", "", f"{number}弄"))
    building, unit, room = (
        random.randint(1, 40),
        random.randint(1, 6),
        random.choice((random.randint(101, 3005), random.randint(11, 99))),
    )
    house = random.choice(
        (
            f"{building}号楼{unit}单元{room}室",
            f"{building}栋{room}",
            f"{building}幢{unit}单元{room}",
            f"{building}-{unit}-{room}",
            f"{building}号楼{unit}单元{room}号",
            f"{building}座{room}室",
            f"{random.choice('ABC')}座{room}",
            f"{building}号楼{room}户",
            "",
            "",
        )
    )
    if "号" in street and random.random() < 0.5:
        return street + house
    return (
        random.choice((street + estate + house, estate + house, street))
        if house
        else street + random.choice((estate, ""))
    )


def compose_address(random: Random) -> str:
    """An address from the first administrative name to the house: 河南省郑州市金水区花园路12号院3号楼2单元501室."""
    province, city = _province_and_city(random)
    first = random.random()
    head = province if first < 0.6 else _short(province) if first < 0.7 else ""
    if city and not (head == "" and random.random() < 0.4):
        head += city + ("市" if random.random() < 0.9 else "")
    elif not city and not head and random.random() < 0.5:
        head = province
    head += _district(random)
    if random.random() < 0.45:
        town = _name(random) + random.choice(words.TOWN_KINDS) if random.random() < 0.85 else ""
        return head + town + compose_village(random)
    return head + _street_and_house(random)


def compose_short_address(random: Random) -> str:
    """An address that begins below the city: 花园路12号院, 阳光小区3号楼501室, 城关镇王庄村, 王家村三组."""
    kind = random.random()
    if kind < 0.35:
        return _name(random) + random.choice(("镇", "乡", "街道")) + compose_village(random)
    if kind < 0.6:
        return compose_village(random)
    return _street_and_house(random)


def compose_region(random: Random) -> str:
    """Where somebody comes from: 河南省郑州市, 河南郑州, 安徽省太和县."""
    province, city = _province_and_city(random)
    if not city:
        return random.choice((province, _short(province), province + _district(random)))
    return random.choice(
        (
            province + city + "市",
            _short(province) + city,
            _short(province) + random.choice(("省", "")) + city + "市" if province.endswith("省") else province + city,
            province + _name(random) + "县",
            province + city + "市" + _district(random),
            city + "市",
            province,
        )
    )


def compose_hospital(random: Random) -> str:
    """A hospital's name: 郑州市第三人民医院, 安阳县中医院, 郑州大学第一附属医院, 301医院."""
    kind = random.random()
    province, city = _province_and_city(random)
    if kind < 0.15:
        return random.choice(words.FAMOUS_HOSPITALS)
    if kind < 0.3:
        return random.choice(words.UNIVERSITIES) + random.choice(words.UNIVERSITY_HOSPITALS)
    if kind < 0.45:
        return _name(random, 3) + random.choice(words.SMALL_CLINICS)
    if kind < 0.55:
        return random.choice(
            (_name(random) + "医院", (city or _short(province)) + _name(random) + "医院", _name(random) + "骨科医院")
        )
    place = (
        (city + random.choice(("市", "市", "")) if city else province)
        if random.random() < 0.6
        else _name(random) + "县"
    )
    if random.random() < 0.12:
        place = province + (place if place != province else "")
    return place + random.choice(words.HOSPITAL_KINDS)


def compose_employer(random: Random) -> str:
    """A firm, an office, a school."""
    province, city = _province_and_city(random)
    place = random.choice(
        (city + "市" if city else province, city or province, _name(random) + "县", _name(random) + "区", "")
    )
    kind = random.random()
    if kind < 0.5:
        name = random.choice(words.FIRM_NAMES) if random.random() < 0.6 else _name(random)
        return place + name + random.choice(words.FIRM_KINDS)
    if kind < 0.75:
        return (place or _name(random) + "县") + random.choice(words.OFFICES)
    return compose_school(random)


def compose_school(random: Random) -> str:
    """A school, from the nursery to the university."""
    _, city = _province_and_city(random)
    place = (
        random.choice((city + "市", city, _name(random) + "县", _name(random) + "镇")) if city else _name(random) + "区"
    )
    return place + random.choice(("", "", _name(random))) + random.choice(words.SCHOOL_KINDS)
