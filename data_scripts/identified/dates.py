"""Calendar dates and ages, in the forms in which records have them."""

from datetime import date
from random import Random

_DIGITS = "〇一二三四五六七八九"
_MONTHS = "January February March April May June July August September October November December".split()
FORMS = (
    "{y}-{m:02d}-{d:02d}",
    "{y}年{m}月{d}日",
    "{y}年{m:02d}月{d:02d}日",
    "{y}.{m}.{d}",
    "{y}.{m:02d}.{d:02d}",
    "{y}/{m:02d}/{d:02d}",
    "{y}-{m}-{d}",
)
"""What one record mostly sticks to."""
_RARE_FORMS = (
    "{y}/{m}/{d}",
    "{y}{m:02d}{d:02d}",
    "{s:02d}/{m}/{d}",
    "{s:02d}-{m:02d}-{d:02d}",
    "{s:02d}.{m}.{d}",
    "{s:02d}年{m}月{d}日",
    "{y}年{m}月{d}号",
    "{y} 年 {m} 月 {d} 日",
    "{y}年 {m}月 {d}日",
    "{y}-{m:02d}-{d:02d}日",
    "{y}—{m:02d}—{d:02d}",
    "{han_year}年{han_month}月{han_day}日",
    "{han_year}年{han_month}月{han_day}日",
    "{english} {d}, {y}",
)


def in_words(number: int) -> str:
    """A number of 1 to 129 in words: 九十三, 一百零二."""
    if number >= 100:
        rest = number % 100
        if not rest:
            return "一百"
        return "一百" + ("零" if rest < 10 else "一" if rest < 20 else "") + in_words(rest)
    tens, ones = divmod(number, 10)
    return (_DIGITS[tens] if tens > 1 else "") + ("十" if tens else "") + (_DIGITS[ones] if ones else "")


def write_date(random: Random, day: date, form: str) -> str:
    """A whole date, three times in four in the form given."""
    if random.random() < 0.25:
        form = random.choice(_RARE_FORMS + FORMS)
    return form.format(
        y=day.year,
        m=day.month,
        d=day.day,
        s=day.year % 100,
        han_year="".join(_DIGITS[int(digit)] for digit in str(day.year)),
        han_month=in_words(day.month),
        han_day=in_words(day.day),
        english=random.choice((_MONTHS[day.month - 1], _MONTHS[day.month - 1][:3])),
    )


def write_month_day(random: Random, day: date) -> str:
    """A day without its year: 5月1日, 05月01日, 五月一日."""
    if random.random() < 0.08:
        return f"{in_words(day.month)}月{in_words(day.day)}日"
    form = random.choice(
        ("{0}月{1}日", "{0}月{1}日", "{0}月{1}日", "{0:02d}月{1:02d}日", "{0}月{1}号", "{0} 月 {1} 日")
    )
    return form.format(day.month, day.day)


def write_numeric_day(random: Random, day: date) -> str:
    """A day without its year that only the time after it tells from a number: 05-01, 5/1."""
    return random.choice(("{0:02d}-{1:02d}", "{0:02d}/{1:02d}", "{0}-{1}", "{0}/{1}", "{0:02d}.{1:02d}")).format(
        day.month, day.day
    )


def write_month(random: Random, day: date) -> str:
    """A month of a year: 2013年5月, 2013-05, 2013.5."""
    forms = (
        "{0}年{1}月",
        "{0}年{1}月",
        "{0}年{1:02d}月",
        "{0}-{1:02d}",
        "{0}.{1}",
        "{0}.{1:02d}",
        "{0}/{1:02d}",
        "{2:02d}年{1}月",
    )
    return random.choice(forms).format(day.year, day.month, day.year % 100)


def write_year(random: Random, year: int) -> str:
    """A year alone."""
    if random.random() < 0.1:
        return "".join(_DIGITS[int(digit)] for digit in str(year)) + "年"
    return f"{year}年" if random.random() < 0.95 else f"{year} 年"


def write_lunar_day(random: Random) -> str:
    """A day of the farmers' calendar: 农历八月十五, 正月初三."""
    month = random.choice(("正", "腊", "二", "三", "四", "五", "六", "七", "八", "九", "十", "冬"))
    day = random.choice(("初一", "初三", "初五", "初八", "十五", "廿三", "廿八", "初九", "二十三"))
    return random.choice(("农历", "阴历", "", "旧历")) + month + "月" + day


def write_age(random: Random, years: int) -> str:
    """An age with its 岁: 92岁, 九十三岁, 95 周岁."""
    kind = random.random()
    if kind < 0.1:
        return in_words(years) + random.choice(("岁", "岁", "周岁"))
    return str(years) + random.choice(("岁", "岁", "岁", "岁", "岁", "周岁", " 岁", "余岁"))
