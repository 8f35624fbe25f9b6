"""A record's text → its identifiers: rules, a user's own names, a network as a second opinion."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise

from ..chunks import text_chunks
from ..dictionary import ClinicalDictionary
from ..normalization import code_points, normalize
from ..vetted_terms import TermMatcher
from .edits import Edit, EditedText
from .identifiers import Identifier
from .rules import Rule, RuleFile, read_rules
from .sieve import Sieve

# Blanks and line breaks that a scanner or a narrow column put between two characters that belong together.
# A tab parts the cells of a table. The look to the left comes after the first of them, which is what can be searched
# for.
_GAP = re.compile(
    r"[ \r\n](?<=[\u3400-\u9fff\da-z:·@().*/_-].)[ \t\r\n]{0,2}(?=[\u3400-\u9fff\da-z:·@().*/_-])", re.DOTALL
)
# A finding across gaps is better than what ends at one, unless this has so many characters that it is whole.
_WHOLE = {"ID": 15, "PHONE": 11, "RECORD_NUMBER": 6, "DATE": 6, "BED": 6, "AGE": 3, "EMAIL": 9, "PLATE": 7}
# Numbers whose form tells that nothing is missing: an identity card's, a mobile telephone's, a day's with its year.
_COMPLETE = {
    "ID": re.compile(r"[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx]"),
    "PHONE": re.compile(r"(?:\+?86-?)?1[3-9]\d-?\d{4}-?\d{4}"),
    "DATE": re.compile(r"(?:19|20)\d{2}年\d{1,2}月\d{1,2}[日号]"),
}
# Of two findings of one stretch, the one whose rules ask for more.
_ORDER = {
    name: rank
    for rank, name in enumerate(
        ("ID", "RECORD_NUMBER", "PHONE", "BED", "EMAIL", "PLATE", "AGE", "DATE", "INSTITUTION", "ADDRESS", "NAME")
    )
}
# More names than these are looked for all at once.
_FEW = 50
_HAN = re.compile("[\u3400-\u9fff]")
_AFTER_NAME = re.compile("[诉述称说表因于自家主副医护患先女同来电]")
# Characters of a name, of which one may stand in the next line.
_SHORT = 3
# Texts are folded and sifted together, so many characters and texts at a time.
_CHUNK = 2**17
_CHUNK_TEXTS = 256
# Ends each of them: no text is then empty.
_END = "\0"

Recognise = Callable[[Sequence[str]], Sequence[Sequence[Identifier]]]


class IdentifierFinder:
    """Finds identifiers in texts of any length, in time that grows with it.

    Args:
        rules: Rule files; default: the package's.
        names: A user's own terms, say a staff list: found wherever they stand.
        recognise: A network's opinion of texts, which is added to that of the rules.
    """

    def __init__(
        self,
        rules: Sequence[RuleFile] | None = None,
        names: TermMatcher | None = None,
        recognise: Recognise | None = None,
    ):
        files = read_rules() if rules is None else rules
        self.rules: list[Rule] = [rule for file in files for rule in file.rules]
        self.names, self.recognise = names, recognise

    @cached_property
    def sieve(self) -> Sieve:
        """Which of the rules are tried in which texts."""
        return _sieve_of(tuple(self.rules))

    def find(self, text: str) -> list[Identifier]:
        """The identifiers of a text, sorted, none within or over another."""
        return self.find_all([text])[0]

    def find_all(self, texts: Sequence[str]) -> list[list[Identifier]]:
        """The identifiers of each of some texts: as `find` finds them, in less time."""
        opinions = self.recognise(texts) if self.recognise is not None else [[]] * len(texts)
        by_rules = (found for chunk in text_chunks(texts, _CHUNK, _CHUNK_TEXTS) for found in self._by_rules(chunk))
        return [self._chosen(*of_text) for of_text in zip(texts, by_rules, opinions, strict=True)]

    def _chosen(self, text: str, by_rules: Iterable[Identifier], opinion: Iterable[Identifier]) -> list[Identifier]:
        found = longest_apart([*by_rules, *self._by_names(text)], len(text))
        if not opinion:
            return found
        # Rules know better where a number begins and ends, a network what is a name (measured: experiments/README.md).
        numbers = _marked((item for item in found if item.type in _WHOLE), len(text))
        further = [item for item in opinion if numbers.find(1, item.start, item.end) < 0]
        return longest_apart([*found, *further], len(text))

    def _by_rules(self, texts: Sequence[str]) -> list[list[Identifier]]:
        all_folded, all_found = self._match(texts)
        closed = {
            number: edited for number, text in enumerate(all_folded) if (edited := _without_gaps(texts[number], text))
        }
        _, all_further = self._match([edited.text for edited in closed.values()])
        for (number, edited), further in zip(closed.items(), all_further, strict=True):
            all_found[number] += _across_gaps(edited, further, all_found[number])
        return all_found

    def _match(self, texts: Sequence[str]) -> tuple[list[str], list[list[Identifier]]]:
        """Texts in their folded form, and what the rules find in them as they are."""
        if not texts:
            return [], []
        points = code_points(_END.join([*texts, ""]))
        starts = [0, *accumulate(len(text) + 1 for text in texts)]
        joined = points.tobytes().decode("utf-32-le")
        folded = [joined[start : end - 1] for start, end in pairwise(starts)]
        candidates = self.sieve.candidates(points, starts[:-1])
        return folded, list(map(self._match_text, texts, folded, candidates))

    def _match_text(self, text: str, folded: str, candidates: Iterable[int]) -> list[Identifier]:
        found: list[Identifier] = []
        repeated: dict[str, Identifier] = {}
        for number in candidates:
            rule = self.rules[number]
            for start, end in rule.find(text, folded):
                found.append(Identifier(start, end, rule.type, rule.name))
                if rule.repeats and end - start > 1 and folded[start:end] not in rule.only_here:
                    repeated.setdefault(folded[start:end], found[-1])
        for start, end in _find(repeated, folded):
            # Two characters in the middle of others may be those of a word: 张力 in 肌张力.
            if end - start > 2 or start == 0 or not _HAN.match(folded, start - 1) or _AFTER_NAME.match(folded, end):
                found.append(repeated[folded[start:end]]._replace(start=start, end=end))
        return found

    def _by_names(self, text: str) -> Iterable[Identifier]:
        if self.names is None:
            return
        for span in self.names.spans(self.names.find(code_points(text), [len(text)]), 0, len(text)):
            yield Identifier(span.start, span.end, span.type, "names")


@lru_cache(maxsize=2)  # one finder after another mostly has the package's rules
def _sieve_of(rules: tuple[Rule, ...]) -> Sieve:
    return Sieve(rules)


def longest_apart(found: Iterable[Identifier], length: int) -> list[Identifier]:
    """Of identifiers that lie over each other the longest, sorted; of equal ones the more particular type."""
    taken = bytearray(length)
    kept = []
    for item in sorted(found, key=lambda item: (item.start - item.end, _ORDER[item.type], item.start)):
        if taken.find(1, item.start, item.end) < 0:
            taken[item.start : item.end] = b"\1" * (item.end - item.start)
            kept.append(item)
    return sorted(kept)


def _find(words: Collection[str], folded: str) -> Iterator[tuple[int, int]]:
    """Where folded words stand in a folded text."""
    if len(words) > _FEW:  # one after the other, many names of a long text would take the square of its length
        names = known_names(ClinicalDictionary({word: ["NAME"] for word in words}))
        for start, end, _ in names.spans(names.find(code_points(folded), [len(folded)]), 0, len(folded)):
            yield start, end
        return
    for word in words:
        start = folded.find(word)
        while start >= 0:
            yield start, start + len(word)
            start = folded.find(word, start + len(word))


def _marked(found: Iterable[Identifier], length: int) -> bytearray:
    """1 for each character of a text that belongs to an identifier."""
    marked = bytearray(length)
    for item in found:
        marked[item.start : item.end] = b"\1" * (item.end - item.start)
    return marked


def _without_gaps(text: str, folded: str) -> EditedText | None:
    """A text in which gaps within words and numbers are closed; None if there are none."""
    gaps = [Edit(gap.start(), gap.end(), "") for gap in _GAP.finditer(folded)]
    return EditedText(text, gaps) if gaps else None


def _across_gaps(
    edited: EditedText, further: Iterable[Identifier], found: Sequence[Identifier]
) -> Iterator[Identifier]:
    """Of what is found once gaps are closed, at its places before, all that does not give way to what was found."""
    text = edited.original
    # What the text gives as it is written is better: two words in columns are not one.
    whole = [item for item in found if item.end - item.start >= _WHOLE.get(item.type, 0)]
    taken, begun = _marked(whole, len(text)), _marked(found, len(text))
    for item in further:
        start, end = edited.span_to_original(item.start, item.end)
        goes_on = item.type == "NAME" and item.end - item.start <= _SHORT and "\n" in text[start:end]
        apart = (taken if item.type in _WHOLE else begun).find(1, start, end) < 0
        if apart or goes_on or _is_complete(item, edited.text):
            yield item._replace(start=start, end=end)


def _is_complete(item: Identifier, text: str) -> bool:
    """Whether a number is one by its form, so that a part of it before a gap is not: 15 of 18 digits."""
    form = _COMPLETE.get(item.type)
    return form is not None and form.fullmatch(normalize(text[item.start : item.end])) is not None


def known_names(names: ClinicalDictionary) -> TermMatcher:
    """What finds a user's own names: all terms of all lists."""
    return TermMatcher(names, ["NAME"], dict.fromkeys(names.lists, ("NAME",)))
