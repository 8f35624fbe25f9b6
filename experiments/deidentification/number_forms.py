"""Numbers that belong to one person or record: of identity cards, telephones, records, plates; addresses of mail."""

import random

from .place_lists import PLATE_PROVINCES

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_MOBILE_PREFIXES = (
    "130 131 132 133 135 136 137 138 139 147 150 151 152 155 158 159 166 173 177 180 185 186 188 189 198 199".split()
)
_AREA_CODES = (
    "010 021 022 028 0371 0376 0377 0530 0532 0558 0577 0595 0797 0713 0739 0755 0816 0874 0913 0998 0475".split()
)
_WORDS = "零一二三四五六七八九"
_FULL_WIDTH = str.maketrans(
    "0123456789XABCDEFGHJKLMNPQRSTUVWYZ", "０１２３４５６７８９ＸＡＢＣＤＥＦＧＨＪＫＬＭＮＰＱＲＳＴＵＶＷＹＺ"
)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def digits(source: random.Random, count: int, first: str = "0123456789") -> str:
    """So many digits."""
    return source.choice(first) + "".join(source.choice("0123456789") for _ in range(count - 1))


def draw_identity_number(source: random.Random, region: str, birth: tuple[int, int, int], sex: str) -> str:
    """The 18 digits of an identity card, the last a checksum by ISO 7064 MOD 11-2.

    Args:
        source: Where all choices come from.
        region: First digits, of the province.
        birth: Year, month, day.
        sex: 男 or 女, which the last digit before the checksum tells.
    """
    area = f"{region}{source.randint(1, 15):02d}{source.randint(1, 29):02d}"
    serial = source.randint(0, 499) * 2 + (sex == "男")
    body = f"{area}{birth[0]:04d}{birth[1]:02d}{birth[2]:02d}{serial:03d}"
    return body + _CHECKS[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True)) % 11]


def write_identity_number(source: random.Random, number: str) -> str:
    """An identity number as records write it: at times the 15 digits of before 1999, with blanks, or masked."""
    chance = source.random()
    if chance < 0.12 and number[6:8] == "19":
        return number[:6] + number[8:17]
    if chance < 0.22:
        return " ".join((number[:6], number[6:14], number[14:]))
    if chance < 0.26:
        return " ".join((number[:6], number[6:10], number[10:14], number[14:]))
    if chance < 0.33:
        return number.translate(_FULL_WIDTH)
    if chance < 0.37:
        return f"{number[:6]}{'*' * 8}{number[14:]}"
    return number.lower() if chance < 0.6 else number


def draw_other_identity(source: random.Random, kind: str) -> str:
    """A number of a passport, an insurance or another card.

    Args:
        source: Where all choices come from.
        kind: passport, insurance, rural, officer, permit, birth.
    """
    if kind == "passport":
        series = source.choice(("E", "G", "D", "EA", "EC", "EJ", "PE", "SE"))
        return series + digits(source, 9 - len(series))
    if kind == "insurance":
        forms = (digits(source, 10), digits(source, 12, "1234"), "C" + digits(source, 8), f"41{digits(source, 14)}")
        return source.choice((*forms, f"{source.choice(_LETTERS)}{digits(source, 8)}"))
    if kind == "rural":
        return source.choice((digits(source, 16, "34"), f"{digits(source, 12, '34')}-{digits(source, 2)}"))
    if kind == "officer":
        arm = source.choice("军 海 空 南 北 沈 兰 成 济 广 武 参 后 政 联".split())
        return f"{arm}字第{source.choice((digits(source, 7), digits(source, 8)))}号"
    if kind == "permit":
        return source.choice("HMCW") + digits(source, 8)
    if kind == "birth":
        return source.choice("GHIJKLMNOPQRSTU") + digits(source, 9)
    raise ValueError(f"There is no identity {kind!r}: passport, insurance, rural, officer, permit, birth.")


def draw_mobile(source: random.Random) -> str:
    """The 11 digits of a mobile telephone."""
    return source.choice(_MOBILE_PREFIXES) + digits(source, 8)


def write_mobile(source: random.Random, number: str, form: str = "") -> str:
    """A mobile number as records write it; `form` "words": in Chinese words."""
    three, four, last = number[:3], number[3:7], number[7:]
    chance = source.random()
    if form == "words":
        return in_words(source, number)
    if chance < 0.5:
        return number
    forms = (
        f"{three}-{four}-{last}",
        f"{three} {four} {last}",
        f"{three}-{four}{last}",
        f"{three}－{four}－{last}",
        f"{three}.{four}.{last}",
        f"{number[:5]} {number[5:]}",
        f"{number[:4]} {number[4:7]} {last}",
        f"+86 {number}",
        f"+86-{three}-{four}-{last}",
        f"(+86){number}",
        f"0086-{number}",
        f"86{number}",
        number.translate(_FULL_WIDTH),
        f"{three}****{last}",
        in_words(source, number),
    )
    return source.choice(forms)


def draw_landline(source: random.Random, form: str = "") -> str:
    """A landline number as records write it; `form` one of local, extension, service, abroad, account, any."""
    area, local = source.choice(_AREA_CODES), digits(source, source.choice((7, 8)), "2345678")
    extension = digits(source, source.choice((3, 4)), "12345678")
    if form == "local":
        return source.choice((local, f"{local[:-4]}-{local[-4:]}", f"{local[:-4]} {local[-4:]}", local))
    if form == "extension":
        parts = (f"{area}-{local}转{extension}", f"{local}转{extension}", f"{area}-{local}-{extension}")
        return source.choice(
            (*parts, f"({area}){local} 转 {extension}", f"{local}-{extension}", f"{area}{local}转{extension}")
        )
    if form == "service":
        tail = digits(source, 7)
        return source.choice((f"400-{tail[:3]}-{tail[3:]}", f"400{tail}", f"400-{tail}", f"800-{tail[:3]}-{tail[3:]}"))
    if form == "abroad":
        forms = (
            f"+1-617-{tail_of(local, 3)}-{digits(source, 4)}",
            f"00852-{digits(source, 4, '2369')} {digits(source, 4)}",
        )
        return source.choice(
            (*forms, f"+81-3-{digits(source, 4)}-{digits(source, 4)}", f"+44 20 7946 0{digits(source, 3)}")
        )
    if form == "account":
        words = ("wxid", "xiaoyu", "lily", "dashan", "sunny", "happy", "zhaoyang", "feng")
        own = source.choice(words) + source.choice(("", "_", "-")) + digits(source, source.choice((3, 4, 6)))
        return own if source.random() < 0.5 else digits(source, source.randint(6, 10), "123456789")
    forms = (f"{area}-{local}", f"{area}-{local}", f"({area}){local}", f"（{area}）{local}", f"{area}{local}")
    more = (
        f"{area} {local}",
        f"{area}—{local}",
        f"{area}－{local}",
        f"{area}-{local[:-4]} {local[-4:]}",
        f"+86-{area[1:]}-{local}",
    )
    return source.choice((*forms, *more, f"{area}-{local}".translate(_FULL_WIDTH)))


def tail_of(number: str, count: int) -> str:
    """The last digits of a number."""
    return number[-count:]


def in_words(source: random.Random, number: str) -> str:
    """Digits as words: 幺 or 一, 零 or 〇."""
    words = _WORDS
    if source.random() < 0.4:
        words = words.replace("一", "幺")
    if source.random() < 0.3:
        words = words.replace("零", "〇")
    return "".join(words[int(digit)] for digit in number)


def draw_record_number(source: random.Random, year: int) -> str:
    """A number of a record, an admission, an examination or a specimen; hospitals differ in how they look."""
    two = f"{year % 100:02d}"
    forms = (
        digits(source, 6),
        digits(source, 7),
        digits(source, 8, "01"),
        digits(source, 10, "012"),
        f"000{digits(source, 5)}",
        f"ZY{digits(source, 8, '0')}",
        f"ZY{digits(source, 10, '0')}",
        f"MZ{year}{digits(source, 6)}",
        f"M{digits(source, 9, '0')}",
        f"{source.choice(_LETTERS)}{digits(source, 6)}",
        f"{source.choice('SBX')}{two}-{digits(source, 5)}",
        f"{year}{source.choice(('-', ''))}{digits(source, 5)}",
        f"{digits(source, 7)}-{source.randint(1, 4)}",
        f"CT{digits(source, 6)}",
        f"MR-{two}{digits(source, 5)}",
        f"US{year}{digits(source, 4)}",
        f"{source.choice(_LETTERS.lower())}{digits(source, 7)}",
        f"{digits(source, 12, '12')}",
        f"T{digits(source, 3)}-{digits(source, 4)}",
        f"{two}/{digits(source, 5)}",
    )
    return source.choice(forms)


def write_record_number(source: random.Random, number: str) -> str:
    """A record number as one mention of it stands."""
    chance = source.random()
    if chance < 0.04:
        return number.translate(_FULL_WIDTH)
    if chance < 0.08 and len(number) >= 7 and number.isdigit():
        return f"{number[:3]} {number[3:]}"
    return number


def draw_mail(source: random.Random) -> str:
    """An e-mail address."""
    names = (
        "wangfang",
        "lihua",
        "zxy",
        "cheng.lu",
        "sun_xiaomei",
        "doctor-gao",
        "m.smith",
        "happy2008",
        "hnzzlm",
        "Yang.Qiu",
        "xk_liu",
    )
    own = source.choice(
        (
            source.choice(names),
            source.choice(names) + digits(source, 3),
            digits(source, source.randint(7, 10), "123456789"),
        )
    )
    hosts = (
        "163.com",
        "qq.com",
        "126.com",
        "sina.com.cn",
        "gmail.com",
        "hotmail.com",
        "zzu.edu.cn",
        "vip.163.com",
        "foxmail.com",
        "139.com",
    )
    at = source.choice(("@",) * 8 + ("＠", " @"))
    return f"{own}{at}{source.choice(hosts)}"


def draw_plate(source: random.Random) -> str:
    """A number plate, of five or of six signs, with dot, blank or neither."""
    place = source.choice(PLATE_PROVINCES) + source.choice("ABCDEFGHJ")
    between = source.choice(("", "", "", "·", " ", "-"))
    sign = "".join(source.choice("0123456789" * 3 + _LETTERS) for _ in range(4))
    forms = (
        digits(source, 5),
        f"{source.choice(_LETTERS)}{digits(source, 4)}",
        f"{sign}{source.randint(0, 9)}",
        f"{source.choice('DF')}{digits(source, 5)}",
        f"D{source.choice(_LETTERS)}{digits(source, 4)}",
        f"{digits(source, 5)}{source.choice('DF')}",
        f"{digits(source, 4)}{source.choice('学警挂')}",
    )
    return place + between + source.choice(forms)
