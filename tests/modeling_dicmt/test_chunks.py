from itertools import chain, count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_dicmt.chunks import text_chunks


@given(st.lists(st.text("ab", max_size=5)), st.integers(1, 8), st.none() | st.integers(1, 4))
def test_chunks_hold_every_text_once_and_end_as_soon_as_a_limit_is_reached(texts, characters, number):
    chunks = list(text_chunks(texts, characters, number))
    assert list(chain(*chunks)) == texts
    for chunk in chunks:
        assert sum(map(len, chunk[:-1])) < characters and len(chunk) <= (number or len(texts))
    for chunk in chunks[:-1]:
        assert sum(map(len, chunk)) >= characters or len(chunk) == number


@pytest.mark.parametrize(("characters", "number", "read"), [(6, None, 3), (6, 2, 2)])
def test_no_more_is_read_than_a_chunk_holds(characters, number, read):
    taken = count()
    chunks = text_chunks(("ab" for _ in taken), characters, number)
    assert next(chunks) == ["ab"] * read
    assert next(taken) == read
