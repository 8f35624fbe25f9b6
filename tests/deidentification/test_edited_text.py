"""Edited texts against a text edited one character at a time."""

import random

import pytest
from counted_steps import is_linear
from hypothesis import example, given, settings
from hypothesis import strategies as st

from modeling_dicmt.deidentification.edits import Edit, EditedText


@st.composite
def edited(draw):
    """A text and its edits; touching ones, empty replacements and ones like the original are there."""
    text = draw(st.text("王李a。\n\U00020000", max_size=30))
    places = sorted(draw(st.lists(st.integers(0, len(text)), unique=True, max_size=8)))
    edits, i = [], 0
    while i + 1 < len(places):
        edits.append(Edit(places[i], places[i + 1], draw(st.text("王b[", max_size=4))))
        i += draw(st.sampled_from([1, 2]))  # 1: the next one touches
    return text, edits


def characters_after(text, edits):
    """For each character of the new text: itself, and the offsets in the original that it stands for."""
    owner = {i: edit for edit in edits for i in range(edit.start, edit.end)}
    after = []
    for i, character in enumerate(text):
        edit = owner.get(i)
        if edit is None:
            after.append((character, {i}))
        elif i == edit.start:
            after += [(new, set(range(edit.start, edit.end))) for new in edit.replacement]
    return after


def naive_span(old, after):
    """First and last new characters that stand for any of the old ones."""
    touched = [i for i, (_, stands_for) in enumerate(after) if stands_for & old]
    return (touched[0], touched[-1] + 1) if touched else None


@settings(max_examples=200)
@given(edited())
@example(("王建国", [Edit(0, 3, "")]))
@example(("王建国住院", [Edit(0, 2, ""), Edit(2, 3, "李某"), Edit(4, 5, "")]))
def test_text_and_all_spans_are_those_of_single_characters(case):
    text, edits = case
    after = characters_after(text, edits)
    new = EditedText(text, edits)
    assert new.original == text and new.text == "".join(character for character, _ in after)
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            assert new.span_to_new(start, end) == naive_span(set(range(start, end)), after)
    for start in range(len(after)):
        for end in range(start + 1, len(after) + 1):
            old = set().union(*(stands_for for _, stands_for in after[start:end]))
            assert new.span_to_original(start, end) == (min(old), max(old) + 1)


@settings(max_examples=200)
@given(edited())
def test_kept_characters_go_there_and_back(case):
    text, edits = case
    new = EditedText(text, edits)
    replaced = {i for edit in edits for i in range(edit.start, edit.end)}
    for i in set(range(len(text))) - replaced:
        j = new.to_new(i)
        assert new.text[j] == text[i]
        assert new.to_original(j) == i
        assert new.span_to_new(i, i + 1) == (j, j + 1) and new.span_to_original(j, j + 1) == (i, i + 1)
    for edit in edits:
        inner = {new.to_new(i) for i in range(edit.start, edit.end)}
        assert len(inner) == 1 and new.text.startswith(edit.replacement, *inner)
        if edit.replacement:
            assert new.to_original(inner.pop()) == edit.start
    assert new.to_new(len(text)) == len(new.text) and new.to_original(len(new.text)) == len(text)


@settings(max_examples=200)
@given(edited(), st.data())
def test_entities_move_with_their_words(case, data):
    text, edits = case
    entities = []
    for _ in range(data.draw(st.integers(0, 6)) if text else 0):
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        entities.append({"start": start, "end": end, "type": "症状", "word": text[start:end], "score": 0.5})
    before = [dict(entity) for entity in entities]
    new = EditedText(text, edits)
    moved = new.move(entities)
    assert entities == before
    surviving = [entity for entity in entities if new.span_to_new(entity["start"], entity["end"])]
    assert len(moved) == len(surviving)
    for old, entity in zip(surviving, moved, strict=True):
        assert entity["word"] == new.text[entity["start"] : entity["end"]] != ""
        assert entity.keys() == old.keys() and (entity["type"], entity["score"]) == ("症状", 0.5)
        if not any(edit.start < old["end"] and old["start"] < edit.end for edit in edits):
            assert entity["word"] == old["word"]


def test_an_entity_beside_a_name_keeps_its_words_and_one_over_a_name_takes_all_of_it():
    text = "王建国3天前腹痛"
    new = EditedText(text, [Edit(0, 3, "欧阳娜娜")])
    assert new.text == "欧阳娜娜3天前腹痛"
    entities = [{"start": 6, "end": 8, "word": "腹痛"}, {"start": 2, "end": 5}]
    assert new.move(entities) == [{"start": 7, "end": 9, "word": "腹痛"}, {"start": 0, "end": 6}]


def test_entities_of_removed_text_are_dropped():
    new = EditedText("王建国腹痛", [Edit(0, 3, "")])
    assert new.move([{"start": 1, "end": 3}, {"start": 2, "end": 4}]) == [{"start": 0, "end": 1}]


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([Edit(0, 0, "x")], "from 0 to 0 does not fit a text of 5"),
        ([Edit(-1, 2, "x")], "from -1 to 2"),
        ([Edit(3, 6, "x")], "from 3 to 6"),
        ([Edit(0, 3, "x"), Edit(2, 4, "y")], "from 2 to 4 starts before the one from 0 to 3 ends"),
        ([Edit(3, 4, "x"), Edit(0, 1, "y")], "from 0 to 1 starts before"),
    ],
)
def test_edits_that_do_not_fit_are_refused_without_quoting_the_text(edits, message):
    with pytest.raises(ValueError, match=message) as raised:
        EditedText("王建国腹痛", edits)
    assert "王" not in str(raised.value)


def test_offsets_beyond_the_text_are_refused():
    new = EditedText("王建国腹痛", [Edit(0, 3, "李")])
    for call in (
        lambda: new.to_new(6),
        lambda: new.to_new(-1),
        lambda: new.to_original(4),
        lambda: new.span_to_new(2, 2),
        lambda: new.span_to_new(4, 6),
        lambda: new.span_to_original(0, 4),
        lambda: new.move([{"start": 3, "end": 3}]),
    ):
        with pytest.raises(ValueError, match="of a text of"):
            call()


def test_many_edits_take_no_more_than_their_share():
    def edit_and_move(number):
        edits = [Edit(5 * i, 5 * i + 2, "李某某") for i in range(number)]
        new = EditedText("王某腹痛。" * number, edits)
        return new.move([{"start": 5 * i + 2, "end": 5 * i + 4} for i in random.Random(0).sample(range(number), 50)])

    assert is_linear(edit_and_move, 200, 400)
