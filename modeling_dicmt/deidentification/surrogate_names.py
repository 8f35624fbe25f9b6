"""Names of people that nobody has, of the same form: surname for surname, given name for given name."""

import re
from collections.abc import Callable, Iterator
from itertools import groupby

from .codes import code_of, is_han, other_code
from .draws import Draw, Patient
from .surrogate_words import words_of

_DOTS = re.compile(r"([·•・‧∙⋅.．])")
# What somebody hid already, among Chinese characters.
_HIDDEN = frozenset("某×╳✕＊*○□〇_XxＸｘ△?？")
_BEFORE_SURNAME = frozenset("老小大阿")
_BEFORE_GIVEN = frozenset("小阿")
_LATIN_WORD = re.compile(r"[^\W\d_]+")
_PARTICLES = frozenset("van von de der den di da la le al el bin ibn jr sr".split())


def new_name(text: str, patient: Patient) -> str:
    """Another name in the form of this one.

    What is the same in two names of a patient's records stays the same: a surname, a given name, a part between dots,
    a Latin name. Blanks and line ends stay where they are and say nothing; hidden characters (王某, 李××) stay hidden.

    Args:
        text: The name as written.
        patient: Whose record it stands in.
    """
    if not any(map(is_han, text)):
        return _new_latin(text, patient)
    pieces = _DOTS.split(text)
    if sum(any(map(is_han, piece)) for piece in pieces) > 1:
        return "".join(_with_blanks(piece, patient, _new_part) for piece in pieces)
    return _with_blanks(text, patient, _new_chinese_name)


def _with_blanks(text: str, patient: Patient, make: Callable[[str, Patient], str]) -> str:
    """What is made of a text without its blanks, with the blanks after as many characters as before."""
    core = "".join(text.split())
    if not any(map(is_han, core)):
        return _new_latin(text, patient)
    new, runs = make(core, patient), re.split(r"(\s+)", text)
    last = max(i for i, run in enumerate(runs) if run and not run.isspace())
    taken = 0
    for i, run in enumerate(runs):
        if not run.isspace():
            # A part of a minority's name may have become longer.
            runs[i] = new[taken:] if i == last else new[taken : taken + len(run)]
            taken += len(run)
    return "".join(runs)


def _new_chinese_name(core: str, patient: Patient) -> str:
    makers = {"surname": _new_surname, "given": _new_given, "part": _new_part, "other": _new_other}
    return "".join(piece if kind == "kept" else makers[kind](piece, patient) for kind, piece in _pieces_of(core))


def _pieces_of(core: str) -> Iterator[tuple[str, str]]:
    """The pieces of a Chinese name: surnames, given names, parts of minorities' names, other letters, what is kept."""
    is_part = core in words_of("transliterated") or (len(core) > 4 and all(map(is_han, core)))
    if is_part and not _HIDDEN & set(core):
        yield "part", core
        return
    if len(core) == 4 and core[:2] in words_of("transliterated") and core[2:] in words_of("transliterated"):
        yield from (("part", core[:2]), ("part", core[2:]))
        return
    if core[0] in _BEFORE_SURNAME and _is_surname(core[1:]):
        yield from (("kept", core[0]), ("surname", core[1:]))
        return
    if core[0] in _BEFORE_GIVEN and len(core) == 2:
        yield from (("kept", core[0]), ("given", core[1]))
        return
    start = 0
    for length in _surname_lengths(core):
        yield "surname", core[start : start + length]
        start += length
    # What is left: given names between hidden characters and letters.
    for kind, characters in groupby(core[start:], key=_kind_after_surname):
        yield kind, "".join(characters)


def _kind_after_surname(character: str) -> str:
    if character in _HIDDEN or not character.isalnum():
        return "kept"
    return "given" if is_han(character) else "other"


def _is_surname(text: str) -> bool:
    return text in words_of("surnames") or text in words_of("rare_surnames") or text in words_of("compound_surnames")


def _surname_lengths(core: str) -> tuple[int, ...]:
    """Lengths of the surnames that a name begins with: none, one or two."""
    if core[:2] in words_of("compound_surnames"):
        return (2,)
    if core[0] in _HIDDEN or not is_han(core[0]):
        return ()
    if len(core) == 4 and all(map(is_han, core)) and _is_surname(core[0]) and core[1] in words_of("surnames"):
        return (1, 1)
    is_short = len(core) <= 2 and all(is_han(character) and character not in _HIDDEN for character in core)
    # 建国 is a given name; of three characters the first is a surname, if one that no list has.
    return () if is_short and not _is_surname(core[0]) else (1,)


def _new_surname(surname: str, patient: Patient) -> str:
    kind = "compound_surnames" if len(surname) == 2 else "surnames"
    words = words_of(kind)
    if surname in words:
        return patient.next_in_cycle(kind, words)[surname]
    return patient.draw(kind, surname).choice(words)


def _new_given(given: str, patient: Patient) -> str:
    """As many characters, of a list that the original has one of; 娜娜 stays a doubled one."""
    is_female = any(character in words_of("given_female") for character in given)
    words = words_of("given_female" if is_female else "given_common")

    def make(draw: Draw) -> str:
        if len(set(given)) == 1:
            return draw.choice(words) * len(given)
        characters: list[str] = []
        for _ in given:
            characters.append(draw.choice([word for word in words if word not in characters[-1:]]))
        return "".join(characters)

    return patient.other("given", given, given, make)


def _new_part(part: str, patient: Patient) -> str:
    """Another part of a minority's name, as long where there is one."""
    words = words_of("transliterated")
    nearest = min((abs(len(word) - len(part)), len(word)) for word in words)[1]
    return patient.other("part", part, part, lambda draw: draw.choice([w for w in words if len(w) == nearest]))


def _new_other(text: str, patient: Patient) -> str:
    return other_code(text, "letters", patient)


def _new_latin(text: str, patient: Patient) -> str:
    last = max((match.start() for match in _LATIN_WORD.finditer(text)), default=0)
    first = _LATIN_WORD.search(text)

    def new(match: re.Match[str]) -> str:
        return _new_latin_word(match.group(), patient, first is not None and first.start() < match.start() < last)

    return _LATIN_WORD.sub(new, text)


def _new_latin_word(word: str, patient: Patient, is_between: bool) -> str:
    """Another word; a particle (de, van) stays where it stands between two words."""
    if word in _PARTICLES and is_between:
        return word
    code = code_of(word)
    if len(word) == 1 or (len(word) <= 3 and not set(code) & set("aeiouy")):
        return _new_other(word, patient)  # initials
    new = patient.other("latin", code, code, lambda draw: draw.choice(words_of("latin_names")).lower())
    cased = new.upper() if word.isupper() else new.title() if word[0].isupper() else new
    return "".join(chr(ord(c) + 0xFEE0) for c in cased) if "！" <= word[0] <= "～" else cased
