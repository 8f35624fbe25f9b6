"""CoNLL/BIO files: a line `character tag` (tab or blank between them), a blank line after each sentence.

Each sentence becomes a record, its text the tokens without anything between them (a token may be more than a
character). Read are BIO, BIOES and BMES tags; an I- (M-, E-) tag that continues nothing starts an entity, as
conlleval reads it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from .records import Annotation, CorpusError, Record, at_line, check_entities, read_text, tag_name

_CONTINUES = "IME"
_STARTS = "BS"


def read_conll(path: Path, names: Mapping[str, str] | None) -> Iterator[Record]:
    """Records of a CoNLL file, named after the line on which they begin.

    Raises:
        CorpusError: If a line has no tag or a malformed one, or the file ends within an entity: without a blank
            line after it, nobody can tell a whole entity from one that was cut.
    """
    tokens: list[tuple[str, str, int]] = []
    lines = read_text(path).split("\n")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            tokens.append(_read_line(line.removesuffix("\r"), path, number))
        elif tokens and number < len(lines):  # nothing ends with what follows the last line end
            yield _record(tokens, path, names)
            tokens = []
    if not tokens:
        return
    _, last_tag, number = tokens[-1]
    if last_tag != "O":
        raise CorpusError(
            f"{at_line(path, number)}: the file ends within an entity. It may be cut: restore it, or, if it is "
            "whole, end it with a blank line, as every sentence."
        )
    yield _record(tokens, path, names)


def _read_line(line: str, path: Path, number: int) -> tuple[str, str, int]:
    token, _, tag = line.rpartition("\t") if "\t" in line else line.rpartition(" ")
    prefix, _, entity_type = tag.partition("-")
    is_token = len(token) == 1 or (token and not any(character.isspace() for character in token))
    is_tag = tag == "O" or (prefix in (*_STARTS, *_CONTINUES) and entity_type not in ("", "O"))
    if not is_token or not is_tag:
        raise CorpusError(
            f"{at_line(path, number)}: malformed line; expected a character, a tab or blank, and a tag: "
            "O, B-TYPE or I-TYPE (also M-, E-, S-). Correct the line; if it is the last one, the file may be cut."
        )
    return token, tag, number


def _record(tokens: list[tuple[str, str, int]], path: Path, names: Mapping[str, str] | None) -> Record:
    annotations: list[Annotation] = []
    position, previous = 0, "O"
    for token, tag, number in tokens:
        end = position + len(token)
        if tag != "O":
            name = tag_name(tag[2:], names, at_line(path, number))
            continues = tag[0] in _CONTINUES and previous[1:] == tag[1:] and previous[0] not in "ES"
            if continues:
                annotations[-1] = Annotation(annotations[-1].start, end, name, annotations[-1].place)
            else:
                annotations.append(Annotation(position, end, name, at_line(path, number)))
        position, previous = end, tag
    record_id = f"{path.stem}-{tokens[0][2]}"
    text = "".join(token for token, _, _ in tokens)
    return Record(
        id=record_id, group=record_id, section="", text=text, entities=check_entities(annotations, allow_overlap=False)
    )
