import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeling_dicmt.normalization import code_points, normalize


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＣＴ检查", "ct检查"),
        ("Ｔ：３６．５℃", "t:36.5℃"),
        ("（左）\u3000腹", "(左) 腹"),
        ("ⅡβΩ", "ⅱβω"),
        ("ｱ", "ア"),
        # NFKC would make two characters or more of each of these.
        ("㎝½…ﬁ㈠", "㎝½…ﬁ㈠"),
        ("İß", "İß"),  # lower-casing İ gives two characters
        ("肝\n腺\t ", "肝\n腺\t "),
        ("\U00020000😀", "\U00020000😀"),
        ("a\ud83d痛\udc00", "a\ufffd痛\ufffd"),
        ("", ""),
    ],
)
def test_width_and_case_are_folded_one_to_one(text, expected):
    assert normalize(text) == expected


def test_every_character_keeps_its_place_and_folds_once():
    everything = "".join(map(chr, range(0x110000)))
    folded = normalize(everything)
    assert len(folded) == len(everything)
    assert normalize(folded) == folded
    changed = [character for character, new in zip(everything, folded, strict=True) if character != new]
    assert not [c for c in changed if "\u4e00" <= c <= "\u9fff" or "\u3400" <= c <= "\u4dbf"]
    ascii_forms = "".join(map(chr, range(0x21, 0x7F)))
    assert normalize("".join(map(chr, range(0xFF01, 0xFF5F)))) == ascii_forms.lower()


@given(st.text(alphabet=st.characters()), st.text(alphabet=st.characters()))
def test_a_character_folds_alike_in_every_context(left, right):
    assert normalize(left + right) == normalize(left) + normalize(right)
    assert "".join(map(normalize, left)) == normalize(left)


def test_code_points_are_those_of_the_normalised_text():
    everything = "".join(map(chr, range(0x110000)))
    assert code_points(everything).tolist() == list(map(ord, normalize(everything)))
    assert code_points("").tolist() == []


@given(st.text(alphabet=st.characters() | st.sampled_from("Ａａ\uffff\U00010000\ud800\udc00")))
def test_code_points_of_any_text(text):
    assert code_points(text).tolist() == list(map(ord, normalize(text)))
