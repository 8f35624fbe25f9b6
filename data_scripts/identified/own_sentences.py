"""A user's own text → sentences that made-up identifiers are put into: a network then knows how its records read."""

import re
from collections.abc import Callable, Iterable, Iterator
from random import Random

MOST = 20_000
"""Sentences that are kept, drawn from all."""
_LENGTHS = range(6, 161)
_MARKS = re.compile(r"[\[\]{}|~*×○&]|某|[xX]{2}|(?:19|20)\d\d[-./年]")
"""What a template would take for its own, what stands for a name that was taken out, a date that no rule knows."""
_END = re.compile(r"[^。\n]+")

# What stands in records for somebody, a place or a day, and what can stand there in its stead.
_STAND_INS = {
    "患者": ("{patient}", "{patient}", "患者{patient}", "{bed}{patient}", "{patient}（{bed}）", "{person}"),
    "病人": ("{patient}", "病人{patient}"),
    "患儿": ("{patient}", "患儿{patient}", "{pet}"),
    "家属": ("{relation}{kin}", "家属{kin}", "{kin}", "{his}{kin}"),
    "家人": ("{relation}{kin}", "{kin}"),
    "患者及家属": ("{patient}及{kin}", "患者及其{relation}{kin}"),
    "上级医师": ("{doctor}{title}", "{surname}{short_title}"),
    "主任医师": ("{doctor}主任医师",),
    "我院": ("{hospital}",),
    "我科": ("{hospital}{dept}",),
    "当地医院": ("{hospital}",),
    "外院": ("{hospital}",),
    "今日": ("{date}", "{month_day}", "今日{doctor}{title}查房，"),
    "昨日": ("{date}", "{month_day}"),
    "入院前": ("{date}", "{month_day}", "{past_date}"),
}
_STAND_IN = re.compile("|".join(sorted(_STAND_INS, key=len, reverse=True)))
_BEGINNINGS = ("{patient}", "{person}", "{patient}，", "{date}", "{bed}{person}", "{person}：")
_ENDINGS = (
    *("{doctor}", "记录者{doctor}", "{doctor}/{doctor}", "{date}"),
    *("（{doctor}{title}）", "联系{kin}{phone}", "{kin}知情"),
)


def sample_sentences(texts: Iterable[str], is_plain: Callable[[str], bool], seed: int, most: int = MOST) -> list[str]:
    """Different sentences of texts, in the order in which they were drawn: each as likely as another.

    Args:
        texts: Read once, as they come.
        is_plain: Whether a sentence is known to hold no identifier; others are left out.
        seed: Where the choices come from.
        most: How many are drawn at most.
    """
    random = Random(seed)
    drawn: list[str] = []
    known: set[str] = set()
    count = 0
    for sentence in _sentences(texts):
        if sentence in known:
            continue
        known.add(sentence)
        place = count if count < most else random.randrange(count + 1)
        if place < most and not is_plain(sentence):
            continue
        count += 1
        if len(drawn) < most:
            drawn.append(sentence)
        elif place < most:
            drawn[place] = sentence
    return drawn


def _sentences(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for match in _END.finditer(text):
            sentence = match[0].strip()
            if len(sentence) in _LENGTHS and not _MARKS.search(sentence):
                yield sentence + "。"


def name_somebody(sentence: str, random: Random) -> str:
    """A template: the sentence, with slots of identifiers where it speaks of somebody, a place or a day.

    A sentence that does not is begun or ended with one.
    """
    places = list(_STAND_IN.finditer(sentence))
    if not places:
        if random.random() < 0.5:
            return random.choice(_BEGINNINGS) + sentence
        return sentence[:-1] + random.choice(("，", "。", " ", "\n")) + random.choice(_ENDINGS)
    chosen = random.sample(places, random.randint(1, min(2, len(places))))
    for place in sorted(chosen, key=re.Match.start, reverse=True):
        sentence = sentence[: place.start()] + random.choice(_STAND_INS[place[0]]) + sentence[place.end() :]
    return sentence
