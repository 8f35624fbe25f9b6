"""Made-up records with every trap that a format can fall into, and reading and writing them in one call."""

from pathlib import Path

from hypothesis import strategies as st

from data_scripts.formats import FormatOptions, Losses, find_files, open_writer, read

# Emoji, characters of two UTF-16 units, line ends of all kinds, tabs, quotation marks, delimiters, a bracket.
CHARACTERS = "头痛患者，。a1😀𠮷\r\n\t \"',;{}[]\\\u2028\x85\ufeff"
TYPES = ("Symptom", "疾病", "B-x", "a.b")


def record(text, *entities, **keys):
    """A record with entities given as (start, end, type) or (start, end, type, score)."""
    keys_of = ("start", "end", "type", "score")
    return keys | {"text": text, "entities": [dict(zip(keys_of, entity, strict=False)) for entity in entities]}


@st.composite
def _entities(draw, length, scored):
    if not length:
        return []
    spans = draw(
        st.lists(
            st.tuples(st.integers(0, length - 1), st.integers(1, 4), st.sampled_from(TYPES)), max_size=5, unique=True
        )
    )
    found = {(start, min(start + size, length), name) for start, size, name in spans}
    entities = [{"start": s, "end": e, "type": t} for s, e, t in sorted(found)]
    for entity in entities:
        if scored and draw(st.booleans()):
            entity["score"] = draw(st.sampled_from([0.0, 0.25, 1.0]))
    return entities


@st.composite
def records(draw, scored=True):
    """Lists of records with ids of their own; nested, crossing, adjacent and one-character entities among theirs."""
    texts = draw(st.lists(st.text(st.sampled_from(CHARACTERS), max_size=12), max_size=4))
    made = []
    for number, text in enumerate(texts):
        made.append({"id": f"r{number}", "text": text})
        if draw(st.booleans()):
            made[-1]["group"] = draw(st.sampled_from(["p1", "患者 2"]))
        if draw(st.booleans()):
            made[-1]["section"] = "现病史"
        if draw(st.integers(0, 3)):
            made[-1]["entities"] = draw(_entities(len(text), scored))
    return made


def write(path: Path, made, format=None, **options) -> Losses:
    """Write records; returns what was lost."""
    losses = Losses()
    with open_writer(path, format, FormatOptions(**options), losses) as write_record:
        for item in made:
            write_record(item)
    return losses


def read_all(path: Path, format=None, losses=None, **options):
    return list(read(find_files(path, format), FormatOptions(**options), losses))


def spans(item):
    return [(entity["start"], entity["end"], entity["type"]) for entity in item["entities"]]
