"""Dates and ages in the many forms in which they are typed, dictated and scanned."""

import datetime
import random

_WORDS = "零一二三四五六七八九"
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_FULL_WIDTH = str.maketrans("0123456789-/.", "０１２３４５６７８９－／．")


def in_chinese(number: int) -> str:
    """A number up to 199 as it is read: 十二, 九十三, 一百零二."""
    if number >= 100:
        rest = number - 100
        if not rest:
            return "一百"
        return "一百" + (f"零{_WORDS[rest]}" if rest < 10 else ("一" if rest < 20 else "") + in_chinese(rest))
    tens, ones = divmod(number, 10)
    if not tens:
        return _WORDS[ones]
    return ("" if tens == 1 else _WORDS[tens]) + "十" + (_WORDS[ones] if ones else "")


def write_date(source: random.Random, day: datetime.date, form: str = "") -> str:
    """A date as a record writes it, without the time of day.

    Args:
        source: Where all choices come from.
        day: The day.
        form: "full": with year, month and day in digits that a head of a record has; "short": without year; "month":
            without day; "year": the year alone; empty: any with month and day.
    """
    year, month, date = day.year, day.month, day.day
    two = f"{year % 100:02d}"
    full = (
        f"{year}-{month:02d}-{date:02d}",
        f"{year}-{month:02d}-{date:02d}",
        f"{year}年{month}月{date}日",
        f"{year}年{month:02d}月{date:02d}日",
        f"{year}/{month:02d}/{date:02d}",
        f"{year}/{month}/{date}",
        f"{year}.{month:02d}.{date:02d}",
        f"{year}.{month}.{date}",
        f"{year}{month:02d}{date:02d}",
        f"{year}-{month}-{date}",
        f"{year} 年 {month} 月 {date} 日",
        f"{year}-{month:02d}-{date:02d}".translate(_FULL_WIDTH),
        f"{year}年{month}月{date}日".translate(_FULL_WIDTH),
        f"{year}—{month}—{date}",
        f"{year}年{month}月{date}号",
        f"{year}. {month}. {date}",
    )
    strange = (
        f"{two}-{month}-{date}",
        f"{two}/{month}/{date}",
        f"{two}.{month}.{date}",
        f"{two}年{month}月{date}日",
        f"{year_in_chinese(source, year)}年{in_chinese(month)}月{in_chinese(date)}日",
        f"{year_in_chinese(source, year)}年{in_chinese(month)}月{in_chinese(date)}日",
        f"{date} {_MONTHS[month - 1]} {year}",
        f"{_MONTHS[month - 1]} {date}, {year}",
        f"{date:02d}/{month:02d}/{year}",
    )
    short = (
        f"{month}月{date}日",
        f"{month}月{date}日",
        f"{month:02d}月{date:02d}日",
        f"{month}月{date}号",
        f"{in_chinese(month)}月{in_chinese(date)}日",
        f"{month} 月 {date} 日",
        f"{month}月{date}日".translate(_FULL_WIDTH),
    )
    of_month = (
        f"{year}年{month}月",
        f"{year}年{month}月",
        f"{year}年{month:02d}月",
        f"{year}.{month:02d}",
        f"{year}-{month:02d}",
        f"{two}年{month}月",
        f"{year}/{month:02d}",
        f"{year_in_chinese(source, year)}年{in_chinese(month)}月",
        f"{year}年 {month} 月",
    )
    of_year = (f"{year}年", f"{year}年", f"{year} 年", f"{two}年", f"{year_in_chinese(source, year)}年")
    forms = {"full": full, "short": short, "month": of_month, "year": of_year}
    if form in forms:
        return source.choice(forms[form])
    if form:
        raise ValueError(f"There is no form {form!r} of a date: full, short, month, year.")
    return source.choice(source.choices((full, strange, short), (50, 25, 25))[0])


def year_in_chinese(source: random.Random, year: int) -> str:
    """二〇一三 or 二零一三."""
    zero = source.choice("〇零○")
    return "".join(_WORDS[int(digit)] for digit in str(year)).replace("零", zero)


def write_age(source: random.Random, age: int) -> str:
    """An age in years, with 岁."""
    forms = (f"{age}岁", f"{age}岁", f"{age}岁", f"{age} 岁", f"{in_chinese(age)}岁", f"{age}周岁")
    return source.choice((*forms, f"{age}岁".translate(_FULL_WIDTH)))
