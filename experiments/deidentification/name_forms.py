"""Names of people, common and rare, masked and foreign, and the ways that records write them."""

import random

from .name_lists import (
    COMMON_SURNAMES,
    COMPOUND_SURNAMES,
    EITHER_GIVEN,
    FEMALE_GIVEN,
    LATIN_NAMES,
    MALE_GIVEN,
    NICKNAMES,
    OTHER_SURNAMES,
    RARE_GIVEN,
    RARE_SURNAMES,
    TRANSLITERATED,
    UYGHUR_FATHERS,
    UYGHUR_GIVEN,
    WHOLE_MINORITY_NAMES,
    WORD_NAMES,
)

_DOTS = ("·", "·", "·", "•", "．", "・", "")

# How often a name is of which kind; staff sign with their full names, so theirs are seldom masked.
_PATIENTS = {"common": 34, "other": 20, "rare": 10, "compound": 8, "word": 10, "minority": 7, "latin": 3, "masked": 8}
_STAFF = {"common": 50, "other": 22, "rare": 6, "compound": 5, "word": 9, "minority": 3, "masked": 5}


def draw_name(source: random.Random, sex: str = "", staff: bool = False, surname: str = "", kind: str = "") -> str:
    """A new name.

    Args:
        source: Where all choices come from.
        sex: 男 or 女; empty: either.
        staff: Whether of staff, whose names are less varied.
        surname: The surname, for children and siblings.
        kind: One of common, other, rare, compound, word, minority, latin, masked, nick; empty: any.
    """
    if not kind:
        shares = _STAFF if staff else _PATIENTS
        kind = "common" if surname else source.choices(list(shares), list(shares.values()))[0]
    if kind == "word":
        return source.choice(WORD_NAMES)
    if kind == "latin":
        return source.choice(LATIN_NAMES)
    if kind == "nick":
        return source.choice(NICKNAMES)
    if kind == "minority":
        return _minority(source)
    surname = surname or source.choice(
        {"other": OTHER_SURNAMES, "rare": RARE_SURNAMES, "compound": COMPOUND_SURNAMES}.get(kind, COMMON_SURNAMES)
    )
    if kind == "masked":
        return _masked(source, surname)
    return surname + _given(source, sex or source.choice("男女"))


def write_name(source: random.Random, name: str) -> str:
    """A name as one mention of it stands: seldom with blanks between its characters, or another dot."""
    is_han = all("一" <= character <= "鿿" and character != "某" for character in name)
    chance = source.random()
    if is_han and len(name) == 2 and chance < 0.08:
        return name[0] + source.choice((" ", "　", "  ")) + name[1]
    if is_han and len(name) == 3 and chance < 0.03:
        return " ".join(name)
    if "·" in name and chance < 0.3:
        return name.replace("·", source.choice(_DOTS))
    return name


def surname_of(name: str) -> str:
    """The surname of a Chinese name."""
    return name[:2] if name[:2] in COMPOUND_SURNAMES else name[0]


def _given(source: random.Random, sex: str) -> str:
    plain = (MALE_GIVEN if sex == "男" else FEMALE_GIVEN) + EITHER_GIVEN
    characters = [source.choice(RARE_GIVEN if source.random() < 0.12 else plain) for _ in range(2)]
    chance = source.random()
    if chance < 0.3:
        return characters[0]
    if chance < 0.34:
        return characters[0] * 2
    if chance < 0.36:
        return "".join(characters) + source.choice(plain)
    return "".join(characters)


def _masked(source: random.Random, surname: str) -> str:
    last = source.choice(MALE_GIVEN + FEMALE_GIVEN)
    forms = ("某", "某", "某某", "某某", "××", "××", "×", "XX", "xx", "**", "*", f"某{last}", f"*{last}", f"×{last}")
    return surname + source.choice((*forms, "ＸＸ", "○○"))


def _minority(source: random.Random) -> str:
    chance = source.random()
    if chance < 0.5:
        return f"{source.choice(UYGHUR_GIVEN)}·{source.choice(UYGHUR_FATHERS)}"
    if chance < 0.85:
        return source.choice(WHOLE_MINORITY_NAMES)
    return source.choice(TRANSLITERATED) if chance < 0.92 else source.choice(UYGHUR_GIVEN)
