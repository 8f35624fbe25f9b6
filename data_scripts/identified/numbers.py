"""Numbers that tell who somebody is: cards, telephones, records; and addresses of mail, plates, beds.

All are made up. Numbers of identity cards have the right check digit (GB 11643-1999): rules that look at it are to find
them, too.
"""

from datetime import date
from random import Random

from .name_vocabulary import PINYIN_FAMILY, PINYIN_SYLLABLES

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_PROVINCES = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65".split()
_HAN_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
_PLATES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_MAIL_HOSTS = (
    "163.com 126.com qq.com sina.com sina.cn gmail.com hotmail.com 139.com outlook.com hospital.org.cn foxmail.com"
).split()
_HAN_NUMBERS = "一二三四五六七八九十"


def digits(random: Random, count: int) -> str:
    """Any digits, the first of which is not 0."""
    return str(random.randint(10 ** (count - 1), 10**count - 1))


def compose_identity_number(random: Random, born: date, sex: str) -> str:
    """A number of 18 characters with the bearer's day of birth, sex and the right check digit."""
    order = random.randint(0, 498) * 2 + (sex == "男")
    number = (
        f"{random.choice(_PROVINCES)}{random.randint(1, 30):02d}{random.randint(1, 30):02d}{born:%Y%m%d}{order:03d}"
    )
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=True))
    return number + _CHECK_DIGITS[total % 11]


def write_identity_number(random: Random, number: str) -> str:
    """A number as written: mostly as it is; of the old 15, in groups, with stars, or its x small."""
    kind = random.random()
    if kind < 0.07:
        return number[:6] + number[8:17]
    if kind < 0.12:
        return random.choice((" ", "-")).join((number[:6], number[6:14], number[14:]))
    if kind < 0.19:
        shown = random.choice((3, 6, 10))
        return number[:shown] + random.choice("*×xX＊") * (14 - shown) + number[14:]
    return number.lower() if kind < 0.5 else number


def compose_passport(random: Random) -> str:
    """A passport's or a travel permit's number."""
    return random.choice(("E", "G", "EA", "EB", "EJ", "H", "M", "C", "T", "P", "S", "D")) + digits(
        random, random.choice((7, 8, 8))
    )


def compose_insurance_number(random: Random) -> str:
    """A number of an insurance, a savings or a health card."""
    letters = random.choice(("", "", "A", "YB", "H", "SB", "C", "NH-", "41"))
    # Not 18 digits, which are an identity card's, with a digit that checks the others.
    return letters + digits(random, random.choice((8, 9, 10, 12, 12, 16, 19) if letters != "41" else (8, 10, 12)))


def compose_officer_number(random: Random) -> str:
    """A soldier's card, words included."""
    return (
        random.choice("军士文南北沈兰济广成海空政参后装武")
        + random.choice(("字第", "字"))
        + digits(random, random.choice((6, 7, 8)))
        + random.choice(("号", ""))
    )


def compose_mobile(random: Random) -> str:
    """Eleven digits."""
    return f"1{random.choice('3356788899')}{digits(random, 9)}"


def write_mobile(random: Random, number: str) -> str:
    """A mobile number as written: in groups, with a country code, with stars, in words."""
    kind = random.random()
    groups = (number[:3], number[3:7], number[7:])
    if kind < 0.12:
        return random.choice((" ", "-", "－", "  ")).join(groups)
    if kind < 0.19:
        return random.choice(("+86", "+86 ", "86-", "+86-", "0086", "(+86)", "（86）", "0")) + number
    if kind < 0.24:
        return groups[0] + random.choice("*×x＊") * 4 + groups[2]
    if kind < 0.28:
        return number.translate(_HAN_DIGITS if kind < 0.26 else _HAN_DIGITS | {ord("1"): "幺"})
    if kind < 0.30:
        return f"{number[:3]} {number[3:6]} {number[6:]}"
    return number


def compose_landline(random: Random, is_local: bool = False) -> str:
    """A number of a fixed line, with area code unless it is local, some with an extension."""
    code = random.choice(("010", "021", "022", "028", "0371", "0551", "0731", "0591", "0851", "0991", "0379", "0755"))
    number = random.choice("2345678") + digits(random, random.choice((6, 7)))
    if not is_local:
        code = f"({code})" if random.random() < 0.15 else code
        number = code + random.choice(("-", "-", "-", " ", "—", "")) + number
    if random.random() < 0.15:
        number += random.choice(("转", "-", "转", "转分机")) + digits(random, random.choice((3, 4)))
    return number


def compose_chat_number(random: Random) -> str:
    """A number, or a word of letters and digits, after 微信 or QQ."""
    if random.random() < 0.5:
        return digits(random, random.randint(6, 10))
    letters = "".join(random.choice("abcdefghjklmnqrstwxyz") for _ in range(random.randint(2, 6)))
    return (
        random.choice(("wx_", "wxid_", "", ""))
        + letters
        + random.choice(("_", "", "-", ""))
        + digits(random, random.randint(3, 6))
    )


def compose_record_number(random: Random, year: int) -> str:
    """A number of an admission, a patient or a visit."""
    kind = random.random()
    if kind < 0.45:
        number = digits(random, random.choice((6, 6, 7, 8, 8, 10, 12)))
        return number.zfill(10) if random.random() < 0.2 else number
    if kind < 0.65:
        return random.choice(("ZY", "MZ", "BA", "BL", "JZ", "zy", "P", "M", "ID", "A")) + digits(
            random, random.choice((6, 8, 10))
        )
    if kind < 0.8:
        return f"{year}{random.choice(('-', '', '0'))}{random.randint(1, 999999):06d}"
    if kind < 0.9:
        return f"{digits(random, random.choice((6, 7)))}{random.choice('-/_')}{random.randint(1, 9)}"
    if kind < 0.95:
        return digits(random, 3) + random.choice("*×") * random.choice((3, 4)) + digits(random, 2)
    return "".join(random.choice("〇一二三四五六七八九") for _ in range(random.randint(6, 8)))


def compose_examination_number(random: Random, year: int) -> str:
    """A number of a picture, a specimen, a form."""
    letters = random.choice(
        ("CT", "MR", "US", "DR", "X", "XG", "B", "S", "L", "P", "H", "CR", "NJ", "WJ", "BB", "No.", "", "")
    )
    return random.choice(
        (
            letters + digits(random, random.choice((5, 6, 7, 8))),
            f"{letters}{year}{random.randint(1, 99999):05d}",
            f"{year}-{random.randint(1, 99999):05d}",
            f"{letters}{year % 100:02d}-{random.randint(1, 99999):05d}",
            f"{letters}{random.randint(10, 99)}{random.choice('-_')}{digits(random, 4)}-{random.randint(1, 9)}",
        )
    )


def compose_bed(random: Random) -> str:
    """A bed and its ward, as in running text: 12床, +3床, 3病区12床."""
    number = compose_bed_number(random)
    ward = compose_ward(random) + random.choice(("", "", " ", "-")) if random.random() < 0.2 else ""
    return ward + number + random.choice(("床", "床", "床", "床", "号床", "病床" if ward else "床"))


def compose_bed_number(random: Random) -> str:
    """A bed's number alone, as after 床号：."""
    number = random.randint(1, 60)
    kind = random.random()
    if kind < 0.12:
        return f"{random.choice('+加')}{random.randint(1, 12)}"
    if kind < 0.22:
        return f"{number}{random.choice('ABC')}"
    if kind < 0.28:
        return f"{random.choice('ABCD')}{number:02d}"
    if kind < 0.36:
        return (
            (_HAN_NUMBERS[number // 10 - 1] if number >= 20 else "")
            + ("十" if number >= 10 else "")
            + (_HAN_NUMBERS[number % 10 - 1] if number % 10 else "")
        )
    return f"{number:02d}" if kind < 0.5 else f"{random.randint(1, 30)}{number:02d}" if kind < 0.6 else str(number)


def compose_ward(random: Random) -> str:
    """A ward: 3病区, 二病区, 5楼东病区."""
    number = random.choice((str(random.randint(1, 40)), random.choice(_HAN_NUMBERS), random.choice(_HAN_NUMBERS)))
    floor = random.choice(("", "", "", "", "", "楼东", "楼", "楼西", "号楼"))
    return number + floor + random.choice(("病区", "病区", "病区", "护理单元", "病室"))


def compose_mail(random: Random) -> str:
    """An address of electronic mail."""
    user = (
        random.choice(PINYIN_FAMILY).lower().replace("ü", "v")
        + random.choice(("", ".", "_", ""))
        + random.choice(PINYIN_SYLLABLES)
    )
    user += random.choice(("", digits(random, 2), digits(random, 4), digits(random, 8)))
    if random.random() < 0.2:
        user = digits(random, random.randint(7, 10))
    return f"{user}@{random.choice(_MAIL_HOSTS)}"


def compose_plate(random: Random) -> str:
    """A car's plate: 豫A12345, 京A·D12345."""
    characters = "".join(random.choice("0123456789" * 3 + _PLATE_LETTERS) for _ in range(4)) + random.choice(
        "0123456789"
    )
    if random.random() < 0.2:
        characters = random.choice("DF") + digits(random, 5)
    suffix = random.choice("学警挂") if random.random() < 0.04 else ""
    characters = characters[:-1] if suffix else characters
    return (
        random.choice(_PLATES)
        + random.choice(_PLATE_LETTERS[:12])
        + random.choice(("", "", "·", " ", "-"))
        + characters
        + suffix
    )
