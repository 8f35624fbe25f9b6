"""A record's text → its identifiers: rules, a user's own names, a network as a second opinion."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from ..dictionary import ClinicalDictionary
from ..normalization import code_points
from ..vetted_terms import TermMatcher
from .identifiers import Identifier
from .rules import Rule, RuleFile, read_rules

# Blanks and line breaks that a scanner or a narrow column put between two characters that belong together.
_GAP = re.compile(r"(?<=[\u3400-\u9fff\da-z:·@().*/_-])[ \t\r\n]{1,3}(?=[\u3400-\u9fff\da-z:·@().*/_-])")
# A finding across gaps is better than what ends at one, unless this has so many characters that it is whole.
_WHOLE = {"ID": 15, "PHONE": 11, "RECORD_NUMBER": 6, "DATE": 6, "BED": 6, "AGE": 3, "EMAIL": 9, "PLATE": 7}
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

    def find(self, text: str) -> list[Identifier]:
        """The identifiers of a text, sorted, none within or over another."""
        return self.find_all([text])[0]

    def find_all(self, texts: Sequence[str]) -> list[list[Identifier]]:
        """The identifiers of each of some texts."""
        opinions = self.recognise(texts) if self.recognise is not None else [[]] * len(texts)
        return [self._find(text, opinion) for text, opinion in zip(texts, opinions, strict=True)]

    def _find(self, text: str, opinion: Iterable[Identifier]) -> list[Identifier]:
        found = longest_apart([*self._by_rules(text), *self._by_names(text)], len(text))
        # Rules know better where a number begins and ends, a network what is a name (measured: experiments/README.md).
        numbers = _marked((item for item in found if item.type in _WHOLE), len(text))
        further = [item for item in opinion if numbers.find(1, item.start, item.end) < 0]
        return longest_apart([*found, *further], len(text)) if further else found

    def _by_rules(self, text: str) -> list[Identifier]:
        folded = _folded(text)
        found = self._match(text, folded)
        kept = _without_gaps(folded)
        if kept is not None:
            # What the text gives as it is written is better: two words in columns are not one.
            whole = [item for item in found if item.end - item.start >= _WHOLE.get(item.type, 0)]
            taken, begun = _marked(whole, len(text)), _marked(found, len(text))
            squeezed = "".join(map(text.__getitem__, kept))
            for item in self._match(squeezed, _folded(squeezed)):
                start, end = kept[item.start], kept[item.end - 1] + 1
                goes_on = item.type == "NAME" and item.end - item.start <= _SHORT and "\n" in text[start:end]
                if goes_on or (taken if item.type in _WHOLE else begun).find(1, start, end) < 0:
                    found.append(item._replace(start=start, end=end))
        return found

    def _match(self, text: str, folded: str) -> list[Identifier]:
        found: list[Identifier] = []
        repeated: dict[str, Identifier] = {}
        for rule in self.rules:
            for start, end in rule.find(text, folded):
                found.append(Identifier(start, end, rule.type, rule.name))
                if rule.repeats and end - start > 1 and folded[start:end] not in rule.only_here:
                    repeated.setdefault(folded[start:end], found[-1])
        for start, end in _find(repeated, text):
            # Two characters in the middle of others may be those of a word: 张力 in 肌张力.
            if end - start > 2 or start == 0 or not _HAN.match(folded, start - 1) or _AFTER_NAME.match(folded, end):
                found.append(repeated[folded[start:end]]._replace(start=start, end=end))
        return found

    def _by_names(self, text: str) -> Iterable[Identifier]:
        if self.names is None:
            return
        for span in self.names.spans(self.names.find(code_points(text), [len(text)]), 0, len(text)):
            yield Identifier(span.start, span.end, span.type, "names")


def longest_apart(found: Iterable[Identifier], length: int) -> list[Identifier]:
    """Of identifiers that lie over each other the longest, sorted; of equal ones the more particular type."""
    taken = bytearray(length)
    kept = []
    for item in sorted(found, key=lambda item: (item.start - item.end, _ORDER[item.type], item.start)):
        if taken.find(1, item.start, item.end) < 0:
            taken[item.start : item.end] = b"\1" * (item.end - item.start)
            kept.append(item)
    return sorted(kept)


def _folded(text: str) -> str:
    """`normalize(text)`, in less time."""
    return code_points(text).tobytes().decode("utf-32-le")


def _find(words: Collection[str], text: str) -> Iterator[tuple[int, int]]:
    """Where folded words stand in a text."""
    if len(words) > _FEW:  # one after the other, many names of a long text would take the square of its length
        names = known_names(ClinicalDictionary({word: ["NAME"] for word in words}))
        for start, end, _ in names.spans(names.find(code_points(text), [len(text)]), 0, len(text)):
            yield start, end
        return
    folded = _folded(text)
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


def _without_gaps(text: str) -> list[int] | None:
    """Places of the characters that are left when gaps within words and numbers are closed; None if there are none."""
    places: list[int] = []
    last = 0
    for gap in _GAP.finditer(text):
        places.extend(range(last, gap.start()))
        last = gap.end()
    if last == 0:
        return None
    places.extend(range(last, len(text)))
    return places


def known_names(names: ClinicalDictionary) -> TermMatcher:
    """What finds a user's own names: all terms of all lists."""
    return TermMatcher(names, ["NAME"], dict.fromkeys(names.lists, ("NAME",)))
