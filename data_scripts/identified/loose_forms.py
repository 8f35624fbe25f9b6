"""Beds, days, numbers and telephones as people write them where no form asks for them."""

from collections.abc import Callable
from datetime import date
from random import Random

from . import dates, numbers

_HAN = "零一二三四五六七八九"
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_ROOMS = (
    "ICU NICU PICU CCU EICU RICU 监护 监护室 抢救 抢救室 留观 观察室 观察 隔离 隔 加 日间 待产 产房 透析 卒中单元 "
    "康复 VIP 特需 "
    "层流 母婴同室 输液室 走廊 复苏室 移植仓"
).split()
_NUMBER_LETTERS = (
    "HD PD NB R TJ BA LX SCR ER LL IP Z GH BR MR EN RC S F Y JK BG DA XD JZ CZ GP TB HIV AEFI PKU YF SZ QX KX CS "
    "WS FS JD SW "
    "YJ NY KF BK ZX"
).split()


def compose_loose_bed(random: Random) -> str:
    """A bed in any notation: 加3床, 监护3, ICU-05, A区29床, 12-2床, 3B-12, 十七床, ３３床."""
    number = random.randint(1, 60)
    room = random.choice(_ROOMS)
    small = random.randint(1, 18)
    letter = random.choice("ABCDEF")
    han = dates.in_words(number)
    form = random.choice(
        (
            f"{number}床",
            f"{number:02d}床",
            f"{number}号床",
            f"{han}床",
            f"{han}号床",
            f"{number}床".translate(_WIDE),
            f"{random.choice(('加', '+', '加床', '临'))}{small}{random.choice(('床', '床', ''))}",
            f"{room}{small}床",
            f"{room}{small}{random.choice(('', '号', '号床'))}",
            f"{room}-{small:02d}",
            f"{room}-{small}{random.choice(('床', ''))}",
            f"{letter}区{number}床",
            f"{letter}{number}床",
            f"{letter}-{number:02d}",
            f"{random.choice('东西南北')}{number}床",
            f"{random.randint(101, 1820)}-{random.randint(1, 4)}{random.choice(('床', ''))}",
            f"{random.randint(101, 1820)}{random.choice(('室', '房', '房间', '病房'))}{random.randint(1, 4)}床",
            f"{random.randint(2, 20)}{random.choice(('F', 'B', 'A', 'E', '楼'))}-{number}{random.choice(('床', ''))}",
            f"{random.randint(2, 30)}病区{number}床",
            f"{number}{random.choice(('床位', '#床', '#', 'bed', '病床'))}",
            f"第{number}床",
            f"{number}{letter}床",
        )
    )
    return form


def write_loose_day(random: Random, day: date) -> str:
    """A day, a month or a year in any notation: 92.10.16, 18/2/13, 九六年八月, 八五年, 3月18号, 二〇一八年九月三日."""
    year, short = day.year, day.year % 100
    zero = random.choice("〇零")
    han_year = "".join(_HAN[int(digit)] for digit in str(year)).replace(_HAN[0], zero)
    return random.choice(
        (
            f"{short:02d}.{day.month}.{day.day}",
            f"{short:02d}/{day.month}/{day.day}",
            f"{short:02d}-{day.month}-{day.day}",
            f"{short:02d}年{day.month}月{day.day}日",
            f"{short:02d}年{day.month}月",
            f"{han_year[2:]}年",
            f"{han_year[2:]}年{dates.in_words(day.month)}月",
            f"{han_year}年{dates.in_words(day.month)}月{dates.in_words(day.day)}日",
            f"{han_year}年",
            f"{year}年",
            f"{year}.{day.month}",
            f"{year}/{day.month:02d}",
            f"{year}年{day.month}月",
            f"{year}年{day.month:02d}月{day.day:02d}日",
            f"{year}.{day.month}.{day.day}",
            f"{year}.{day.month:02d}.{day.day:02d}",
            f"{year}/{day.month}/{day.day}",
            f"{year}-{day.month}-{day.day}",
            f"{year}{day.month:02d}{day.day:02d}",
            f"{year} 年 {day.month} 月 {day.day} 日",
            f"{day.month}月{day.day}日",
            f"{day.month}月{day.day}日",
            f"{day.month}月{day.day}号",
            f"{day.month}月{day.day}日".translate(_WIDE),
            f"{dates.in_words(day.month)}月{dates.in_words(day.day)}号",
            f"{year}年{day.month}月{day.day}号",
        )
    )


def compose_loose_number(random: Random, year: int) -> str:
    """A number of a file, a form, a specimen: HD-0457, 2014-0089, 6-17-00933, 6601 2240 871, 90021774."""
    letters = random.choice(_NUMBER_LETTERS)
    plain = numbers.digits
    return random.choice(
        (
            f"{letters}-{random.randint(1, 9999):04d}",
            f"{letters}{plain(random, random.choice((4, 5, 6, 7, 8)))}",
            f"{letters}{year % 100:02d}{random.randint(101, 1228):04d}-{random.randint(1, 99):02d}",
            f"{letters}-{year}-{random.randint(1, 9999):04d}",
            f"{letters}-{year % 100:02d}-{random.randint(1, 999):03d}",
            f"{year}-{random.randint(1, 9999):04d}",
            f"{year % 100:02d}-{random.randint(1, 9999):04d}",
            f"{random.randint(1, 9)}-{year % 100:02d}-{random.randint(1, 99999):05d}",
            f"{letters}-{random.randint(10, 99)}/{year}",
            " ".join((plain(random, 4), plain(random, 4), plain(random, 3))),
            plain(random, random.choice((5, 6, 7, 8, 9))),
            plain(random, random.choice((10, 11, 12, 13, 14))),
            f"{random.randint(1, 9999999):07d}",
            f"{letters}{plain(random, 3)}-{plain(random, 3)}",
            f"{random.choice('ABCDEFGHJKLMNP')}{plain(random, random.choice((5, 6, 8, 9)))}",
            f"{year}{random.choice('ABCKMQ')}{random.randint(1, 9999):04d}",
        )
    )


def compose_loose_phone(random: Random) -> str:
    """A telephone in any notation: 159 8877 0312, (0758)2283399, 021 64120938, 400-820-1175, 幺三五……, 转8312."""
    plain = numbers.digits
    mobile = numbers.compose_mobile(random)
    code = random.choice(
        "010 021 023 024 025 027 028 029 0311 0431 0512 0574 0595 0791 0817 0874 0931 0971 0452".split()
    )
    line = random.choice("2345678") + plain(random, random.choice((6, 7)))
    compose: tuple[Callable[[], str], ...] = (
        lambda: numbers.write_mobile(random, mobile),
        lambda: f"{mobile[:3]} {mobile[3:7]} {mobile[7:]}",
        lambda: f"{mobile[:3]}-{mobile[3:7]}-{mobile[7:]}",
        lambda: f"{mobile[:5]} {mobile[5:8]} {mobile[8:]}",
        lambda: mobile.translate(_WIDE),
        lambda: " ".join(mobile),
        lambda: f"({code}){line}",
        lambda: f"（{code}）{line}",
        lambda: f"{code} {line}",
        lambda: f"{code}—{line}",
        lambda: f"{code}-{line[:4]} {line[4:]}",
        lambda: f"{code}-{line}转{plain(random, random.choice((3, 4)))}",
        lambda: f"{code}-{line} 分机 {plain(random, 4)}",
        lambda: f"{code}-{line}-{plain(random, random.choice((1, 3)))}",
        lambda: f"{random.choice(('400', '800'))}-{plain(random, 3)}-{plain(random, 4)}",
        lambda: f"400{plain(random, 7)}",
        lambda: f"+86 {mobile[:3]} {mobile[3:7]} {mobile[7:]}",
        lambda: line,
    )
    return random.choice(compose)()
