import itertools

from hypothesis import given
from hypothesis import strategies as st

from experiments.baselines.voting import vote


def test_more_than_half_must_agree_on_offsets_and_type():
    first = [[(0, 2, "A"), (5, 7, "B")], []]
    second = [[(0, 2, "A"), (5, 8, "B")], [(1, 2, "A")]]
    third = [[(0, 2, "B"), (5, 7, "B")], [(1, 2, "A")]]
    assert vote([first, second, third]) == [[(0, 2, "A"), (5, 7, "B")], [(1, 2, "A")]]
    assert vote([first, second]) == [[(0, 2, "A")], []]  # half is not more than half
    assert vote([[[(0, 1, "A"), (0, 1, "A")]], [[]], [[]]]) == [[]]  # one system has one vote


@st.composite
def flat_entities(draw):
    """Entities of one record that do not overlap."""
    ends = sorted(draw(st.sets(st.integers(0, 12), max_size=8)))
    pairs = zip(ends[::2], ends[1::2], strict=False)
    return [(start, end, draw(st.sampled_from("AB"))) for start, end in pairs]


@given(st.lists(st.lists(flat_entities(), min_size=2, max_size=2), min_size=1, max_size=5))
def test_votes_of_flat_systems_are_flat_and_those_of_the_majority(systems):
    for number, found in enumerate(vote(systems)):
        assert all(left.end <= right.start for left, right in itertools.pairwise(found))
        everything = {entity for system in systems for entity in system[number]}
        majority = {e for e in everything if sum(e in system[number] for system in systems) > len(systems) / 2}
        assert {tuple(span) for span in found} == majority
