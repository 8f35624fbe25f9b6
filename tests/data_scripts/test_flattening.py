"""Nested entities → the outermost."""

from itertools import pairwise

from counted_steps import is_linear
from hypothesis import given
from hypothesis import strategies as st

from data_scripts.flattening import count_overlaps, flatten_outermost

ENTITIES = st.lists(
    st.builds(
        lambda start, length, name: {"start": start, "end": start + length, "type": name},
        st.integers(0, 12),
        st.integers(0, 6),
        st.sampled_from("AB"),
    )
)


def entity(start, end, name="A"):
    return {"start": start, "end": end, "type": name}


def test_inner_entities_are_left_out():
    outer, inner, other = entity(0, 6), entity(2, 4, "B"), entity(6, 8)
    assert flatten_outermost([inner, other, outer]) == [outer, other]


def test_of_crossing_entities_the_longest_stays():
    assert flatten_outermost([entity(0, 3), entity(2, 10), entity(9, 12)]) == [entity(2, 10)]


def test_of_two_types_on_one_span_the_first_listed_stays():
    assert flatten_outermost([entity(0, 3, "B"), entity(0, 3, "A")]) == [entity(0, 3, "B")]


def test_time_grows_with_the_number_of_entities_and_not_with_its_square():
    def entities(count):
        return [entity(3 * number, 3 * number + 2) for number in range(count)]

    assert is_linear(flatten_outermost, entities(200), entities(400))


@given(ENTITIES)
def test_kept_entities_do_not_overlap_and_each_other_one_overlaps_a_kept_one_as_long(entities):
    kept = flatten_outermost(entities)
    assert all(a["end"] <= b["start"] for a, b in pairwise(kept))
    for dropped in entities:
        if dropped in kept or dropped["start"] == dropped["end"]:
            continue
        assert any(
            k["start"] < dropped["end"]
            and dropped["start"] < k["end"]
            and k["end"] - k["start"] >= dropped["end"] - dropped["start"]
            for k in kept
        )
    assert all(k["start"] < k["end"] for k in kept)


def test_overlaps_are_counted_by_kind():
    nested = [entity(0, 6), entity(0, 6, "B"), entity(2, 4), entity(3, 4), entity(8, 9)]
    assert count_overlaps([{"entities": nested}, {"entities": [entity(1, 2)]}]) == (6, 3, 0)
    assert count_overlaps([{"entities": [entity(0, 4), entity(2, 6), entity(6, 8), entity(9, 9)]}]) == (3, 0, 1)
    assert count_overlaps([]).kind == count_overlaps([{"entities": [entity(0, 4), entity(4, 6)]}]).kind == "none"
    assert count_overlaps([{"entities": nested}]).kind == "nested"
    crossing = {"entities": [entity(0, 4), entity(2, 6)]}
    assert count_overlaps([crossing]).kind == "crossing"
    # one in thousands is a slip of an annotator's
    assert count_overlaps([crossing] + [{"entities": nested}] * 500).kind == "nested"


@given(ENTITIES)
def test_nothing_overlaps_where_nothing_is_counted(entities):
    counted = count_overlaps([{"entities": entities}])
    spans = {(e["start"], e["end"], e["type"]) for e in entities if e["start"] < e["end"]}
    overlap = [(a, b) for a in spans for b in spans if a < b and a[0] < b[1] and b[0] < a[1]]
    crossing = [(a, b) for a, b in overlap if a[0] < b[0] < a[1] < b[1]]
    assert counted.entities == len(spans)
    assert bool(counted.nested + counted.crossing) == bool(overlap) and bool(counted.crossing) == bool(crossing)


def test_overlaps_are_counted_in_time_that_does_not_grow_with_the_square():
    def records(count):
        return [{"entities": [entity(number, 3 * count - number) for number in range(count)]}]

    assert is_linear(count_overlaps, records(200), records(400))
