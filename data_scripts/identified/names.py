"""Names of persons, in the forms in which records have them."""

from itertools import accumulate
from random import Random

from . import name_vocabulary as words
from .everyday_names import NICKNAME_WORDS, PET_NAMES, WORDLIKE_NAMES
from .minority_names import compose_minority_name

_OFTEN_ON_TOP = 5
"""Added to a surname's rank: its share is then near the real one, 5 % for the first and 0.2 % for the hundredth."""
_SURNAME_WEIGHTS = list(accumulate(1 / (rank + _OFTEN_ON_TOP) for rank in range(len(words.SURNAMES))))
# The 3,755 characters of GB 2312's first level: all that people write often, and that a name may be made of.
_COMMON_CHARACTERS = b"".join(bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
COMMON_CHARACTERS = _COMMON_CHARACTERS.decode("gb2312", "ignore").translate(dict.fromkeys(map(ord, "的了是不在和与者")))
_MASKS = ("某", "某某", "×", "××", "*", "**", "X", "XX", "x", "xx", "○○", "〇〇", "＊", "＊＊", "某", "某某")
_ALL_GIVEN_NAMES = "".join(sorted(set("".join(words.GIVEN_NAMES.values()))))
_WORDLIKE_SHARE = 0.085
"""Of the Chinese names, those that are words as well: far more than in life, since they are the ones that are "
"missed."""
_DOTS = "·" * 12 + "•・‧．."


def pick_surname(random: Random, compound_share: float = 0.02) -> str:
    """A surname: single ones by how often they are, and a share of those of two characters."""
    if random.random() < compound_share:
        return random.choice(words.COMPOUND_SURNAMES)
    if random.random() < 0.2:  # all alike, so that rare ones are seen at all
        return random.choice(words.SURNAMES)
    return random.choices(words.SURNAMES, cum_weights=_SURNAME_WEIGHTS)[0]


def compose_given_name(random: Random, sex: str, is_young: bool) -> str:
    """A given name of one or two characters, a tenth of them of any characters at all."""
    characters = words.GIVEN_NAMES[sex, is_young]
    kind = random.random()
    if kind < 0.10:
        return "".join(random.choice(COMMON_CHARACTERS) for _ in range(random.choice((1, 2, 2, 2))))
    if kind < 0.15:
        return random.choice(characters) * 2
    if kind < 0.20:  # an old character beside a new one
        return random.choice(characters) + random.choice(words.GIVEN_NAMES[sex, not is_young])
    if kind < 0.32:
        return random.choice(characters) + random.choice(_ALL_GIVEN_NAMES)
    return "".join(random.choice(characters) for _ in range(1 if kind < 0.46 else 2))


def compose_name(random: Random, sex: str = "", is_young: bool | None = None, surname: str = "") -> str:
    """A Chinese name: 王建国, 李娜, 欧阳明月."""
    if not surname and random.random() < _WORDLIKE_SHARE:
        return random.choice(WORDLIKE_NAMES)
    sex = sex or random.choice("男女")
    is_young = random.random() < 0.5 if is_young is None else is_young
    return (surname or pick_surname(random)) + compose_given_name(random, sex, is_young)


def compose_nickname(random: Random) -> str:
    """What somebody is called at home, at work or by neighbours: 老顾, 小芹, 阿桂, 秀云, 豆豆, 大头."""
    kind = random.random()
    if kind < 0.3:
        return random.choice("老老小小大阿") + pick_surname(random, 0)
    if kind < 0.5:
        return random.choice("小小阿阿大") + random.choice(_ALL_GIVEN_NAMES)
    if kind < 0.7:
        given = compose_given_name(random, random.choice("男女"), random.random() < 0.5)
        return given if len(given) > 1 else given * 2
    if kind < 0.76:
        return random.choice(_ALL_GIVEN_NAMES) + random.choice("子儿娃仔妹伢妮哥姐嫂")
    return random.choice(PET_NAMES if kind < 0.93 else NICKNAME_WORDS)


def compose_foreign_name(random: Random) -> str:
    """A name in Latin letters, or transliterated: John Smith, WANG Jianguo, Li Ming, 约翰·史密斯."""
    kind = random.random()
    if kind < 0.3:
        return random.choice(words.FOREIGN_GIVEN) + random.choice(_DOTS) + random.choice(words.FOREIGN_FAMILY)
    if kind < 0.65:
        given, family = random.choice(words.LATIN_GIVEN), random.choice(words.LATIN_FAMILY)
        form = random.choice(("{0} {1}", "{0} {1}", "{2}. {1}", "{0} {2}. {1}", "{1}, {0}"))
        name = form.format(given, family, random.choice("ABCDEJKLMRST"))
    else:
        syllables = random.sample(words.PINYIN_SYLLABLES, random.choice((1, 2, 2)))
        given = random.choice(("", "", "-", " ")).join(syllables)
        family = random.choice(words.PINYIN_FAMILY)
        name = random.choice(
            (f"{family} {given.title()}", f"{family} {given.capitalize()}", f"{given.capitalize()} {family}")
        )
    return name.upper() if random.random() < 0.15 else name


def compose_masked_name(random: Random, name: str = "") -> str:
    """A name that somebody hid already: 王某某, 李××, 张*国, 欧阳某."""
    surname = pick_surname(random, 0.04)
    if 2 <= len(name) <= 3 and "\u4e00" <= name[0] <= "\u9fff":
        surname = name[0]
        if len(name) == 3 and random.random() < 0.25:
            return surname + random.choice("*×某＊") + name[2]
    return surname + random.choice(_MASKS)


def compose_anybody(random: Random, sex: str = "", is_young: bool | None = None) -> str:
    """A name of any kind: nine in ten Chinese, compound surnames among them."""
    kind = random.random()
    if kind < 0.05:
        return compose_minority_name(random)
    if kind < 0.075:
        return compose_foreign_name(random)
    if kind < 0.105:
        return compose_masked_name(random)
    surname = random.choice(words.COMPOUND_SURNAMES) if kind < 0.135 else ""
    return compose_name(random, sex, is_young, surname)


def write_name(random: Random, name: str) -> str:
    """A name as it is written this time: as it is, or with blanks or a line break in it, or masked."""
    is_chinese = len(name) <= 4 and all("\u4e00" <= character <= "\u9fff" for character in name)
    kind = random.random()
    if not is_chinese or kind > 0.075:
        return name
    if kind < 0.04:
        return random.choice((" ", " ", "　", "  ")).join(name)
    if kind < 0.042:
        return name[0] + random.choice(("\n", "\r\n")) + name[1:]
    return compose_masked_name(random, name) if kind < 0.065 else name
