import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_dicmt.sentences import cut_sentence, split_sentences
from modeling_dicmt.tagging import IGNORED_TAG, Span, bio_labels, find_entities, spans_to_tags, tags_to_spans

TYPES = ["Disease", "Anatomy", "Drug"]
ID2LABEL = dict(enumerate(bio_labels(TYPES)))
LABEL2ID = {label: label_id for label_id, label in ID2LABEL.items()}


def ids(labels):
    return [LABEL2ID[label] for label in labels.split()]


def naive_spans(labels, offset=0):
    """conlleval's reading, character by character."""
    spans, current = [], None
    for position, label in enumerate([*labels, "O"], start=offset):
        prefix, _, entity_type = label.partition("-")
        if current and (prefix in "OB" or entity_type != current[1]):
            spans.append(Span(current[0], position, current[1]))
            current = None
        if prefix != "O" and current is None:
            current = (position, entity_type)
    return spans


@st.composite
def flat_spans(draw):
    """A text's length and entities that do not overlap, neighbours of one type included."""
    cuts = sorted(draw(st.sets(st.integers(0, 40), min_size=2)))
    spans = [
        Span(start, end, entity_type)
        for start, end in pairwise(cuts)
        if (entity_type := draw(st.sampled_from([*TYPES, None])))
    ]
    return cuts[-1] + draw(st.integers(0, 3)), spans


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("O O", []),
        ("B-Disease I-Disease O B-Drug", [(0, 2, "Disease"), (3, 4, "Drug")]),
        ("B-Disease B-Disease I-Disease", [(0, 1, "Disease"), (1, 3, "Disease")]),
        ("I-Disease I-Disease O I-Drug", [(0, 2, "Disease"), (3, 4, "Drug")]),
        ("B-Disease I-Drug I-Drug", [(0, 1, "Disease"), (1, 3, "Drug")]),
        ("O I-Anatomy B-Anatomy", [(1, 2, "Anatomy"), (2, 3, "Anatomy")]),
    ],
)
def test_tags_to_spans(labels, expected):
    assert tags_to_spans(ids(labels), ID2LABEL) == expected


@given(flat_spans(), st.integers(-5, 300), st.randoms())
def test_spans_come_back_from_their_tags(length_and_spans, offset, random):
    length, spans = length_and_spans
    shifted = [Span(start + offset, end + offset, entity_type) for start, end, entity_type in spans]
    shuffled = random.sample(shifted, len(shifted))
    tags = spans_to_tags(shuffled, length, LABEL2ID, offset)
    assert len(tags) == length
    assert tags_to_spans(tags, ID2LABEL, offset) == shifted


@given(st.lists(st.sampled_from(sorted(ID2LABEL))), st.integers(0, 300), st.sampled_from([list, np.array, np.uint8]))
def test_any_tags_are_read_as_conlleval_reads_them(tags, offset, container):
    spans = tags_to_spans(container(tags), ID2LABEL, offset)
    assert spans == naive_spans([ID2LABEL[tag] for tag in tags], offset)
    assert all(type(number) is int for span in spans for number in span[:2])


@given(st.lists(st.lists(st.sampled_from(sorted(ID2LABEL)), max_size=6), max_size=6), st.integers(0, 2))
def test_the_rows_of_a_batch_are_read_as_each_by_itself(rows, extra_padding):
    batch = np.full((len(rows), max(map(len, rows), default=0) + extra_padding), IGNORED_TAG)
    for row, tags in enumerate(rows):
        batch[row, : len(tags)] = tags
    found, types = find_entities(batch, ID2LABEL)
    expected = [(row, *span) for row, tags in enumerate(rows) for span in tags_to_spans(tags, ID2LABEL)]
    assert [(row, start, end, types[type_id]) for row, start, end, type_id in found.tolist()] == expected


@given(flat_spans(), st.integers(1, 7), st.data())
def test_entities_within_the_pieces_of_a_record_survive_its_seams(length_and_spans, max_length, data):
    length, spans = length_and_spans
    text = "".join(data.draw(st.lists(st.sampled_from("肝癌，。\n"), min_size=length, max_size=length)))
    pieces = [piece for sentence in split_sentences(text) for piece in cut_sentence(text, sentence, max_length)]
    found = []
    for start, end in pieces:
        inside = [span for span in spans if start <= span.start and span.end <= end]
        found += tags_to_spans(spans_to_tags(inside, end - start, LABEL2ID, start), ID2LABEL, start)
    whole = [span for span in spans if not any(span.start < seam < span.end for _, seam in pieces)]
    assert found == whole


def test_tags_are_plain_integers_whatever_the_order_of_ids():
    label2id = {"I-Drug": 0, "O": 1, "B-Drug": 2}
    tags = spans_to_tags([(1, 3, "Drug")], 4, label2id)
    assert tags == [1, 2, 0, 1]
    assert tags_to_spans(tags, {label_id: label for label, label_id in label2id.items()}) == [(1, 3, "Drug")]


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        (
            [(0, 3, "Drug"), (2, 4, "Disease")],
            "Span(start=0, end=3, type='Drug') and Span(start=2, end=4, type='Disease') overlap",
        ),
        ([(0, 4, "Drug"), (1, 2, "Drug"), (3, 4, "Drug")], "Span(start=0, end=4, type='Drug') and Span(start=1, end=2"),
        ([(1, 2, "Drug"), (1, 2, "Drug")], "overlap"),
        ([(3, 6, "Drug")], "Span(start=3, end=6, type='Drug') is empty or leaves the stretch from 0 to 5"),
        ([(-1, 2, "Drug")], "leaves the stretch"),
        ([(2, 2, "Drug")], "is empty"),
        ([(1, 2, "Exam")], "type of Span(start=1, end=2, type='Exam') is not in the label set"),
    ],
)
def test_entities_that_tags_cannot_express_are_refused(spans, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        spans_to_tags(spans, 5, LABEL2ID)


@pytest.mark.parametrize(
    ("tags", "id2label", "message"),
    [
        ([0, -100], ID2LABEL, "Tag id -100 at position 1 has no label"),
        ([0, 7], ID2LABEL, "Tag id 7 at position 1 has no label"),
        ([[0], [1]], ID2LABEL, "one row of integers, got shape (2, 1)"),
        ([0.0, 1.0], ID2LABEL, "one row of integers"),
        ([0], {0: "S-Drug"}, "'S-Drug' (id 0) is not a BIO label"),
    ],
)
def test_tags_that_have_no_reading_are_refused(tags, id2label, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        tags_to_spans(tags, id2label)
