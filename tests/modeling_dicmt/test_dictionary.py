import hashlib
import itertools
import pickle
import random

import pytest
from counted_steps import is_linear
from hypothesis import given
from hypothesis import strategies as st

from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.dictionary_files import DictionaryError

TERMS = {"阿司匹林": ["drug"], "胃炎": ["disease"], "黄疸": ["disease", "symptom"], "胃镜检查": ["exam"]}


@pytest.fixture
def dictionary():
    return ClinicalDictionary(TERMS)


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


class TestTerms:
    def test_every_list_of_a_term_is_kept(self, dictionary):
        assert len(dictionary) == 4
        assert list(dictionary) == sorted(TERMS)
        assert dictionary.lists_of("黄疸") == ("disease", "symptom")
        assert dictionary.lists_of("胃癌") == ()
        assert dictionary.lists == {"disease": 2, "drug": 1, "exam": 1, "symptom": 1}
        assert dict(dictionary.items()) == {term: tuple(lists) for term, lists in TERMS.items()}

    @given(st.dictionaries(st.sampled_from("abcdefgh"), st.sets(st.sampled_from("uvwxyz"), min_size=1)))
    def test_lists_are_counted(self, terms):
        names = sorted(set().union(*terms.values()))
        expected = {name: sum(name in lists for lists in terms.values()) for name in names}
        assert list(ClinicalDictionary(terms).lists.items()) == list(expected.items())

    def test_many_lists_are_counted_in_linear_time(self):
        small, double = (ClinicalDictionary({f"t{i}": [f"l{i}"] for i in range(n)}) for n in (500, 1000))
        assert is_linear(lambda dictionary: dictionary.lists, small, double)

    def test_terms_are_compared_as_the_text_is(self):
        dictionary = ClinicalDictionary({" ＣＴ检查\u3000": ["exam"], "ct检查": ["charge_items"]})
        assert list(dictionary) == ["ct检查"]
        assert dictionary.lists_of("Ct检查") == ("charge_items", "exam")
        assert "CT检查" in dictionary and "检查" not in dictionary and 7 not in dictionary

    def test_a_single_list_may_be_a_string(self):
        assert ClinicalDictionary({"胃炎": "disease"}) == ClinicalDictionary({"胃炎": ["disease"]})

    @pytest.mark.parametrize(
        "term", ["", " \u3000", "胃\t炎", "胃\n炎", "胃\u200b炎", "胃\ufffd", "胃\ud800", "胃\u2028炎"]
    )
    def test_what_cannot_be_a_term_is_refused(self, term):
        with pytest.raises(DictionaryError, match="Term 2 cannot be a term: the term") as caught:
            ClinicalDictionary({"肺": ["disease"], term: ["disease"]})
        assert "胃" not in str(caught.value)

    @pytest.mark.parametrize("lists", [[""], ["a,b"], ["a\tb"], [" a"], ["胃炎", "\n"], ["\ud800"]])
    def test_what_cannot_name_a_list_is_refused(self, lists):
        with pytest.raises(DictionaryError, match="cannot name a list"):
            ClinicalDictionary({"胃炎": lists})

    def test_a_term_without_a_list_is_refused(self):
        with pytest.raises(DictionaryError, match="it is in no list"):
            ClinicalDictionary({"胃炎": []})

    def test_equality_and_fingerprint_depend_on_content_alone(self, dictionary):
        again = ClinicalDictionary({term: lists[::-1] for term, lists in reversed(TERMS.items())})
        assert again == dictionary and again.fingerprint == dictionary.fingerprint and hash(again) == hash(dictionary)
        for other in (TERMS | {"胃癌": ["disease"]}, TERMS | {"胃炎": ["symptom"]}, {"胃炎": ["disease"]}, {}):
            assert ClinicalDictionary(other) != dictionary
            assert ClinicalDictionary(other).fingerprint != dictionary.fingerprint
        assert dictionary != TERMS

    def test_pickle_is_equal_whether_the_fingerprint_was_asked_for_or_not(self, dictionary):
        before = pickle.dumps(dictionary)
        assert dictionary.fingerprint
        assert pickle.dumps(dictionary) == before
        assert pickle.loads(before) == dictionary
        assert pickle.loads(pickle.dumps(ClinicalDictionary({}))) == ClinicalDictionary({})


class TestOperations:
    def test_merge_joins_terms_and_their_lists(self, dictionary):
        merged = dictionary.merge(ClinicalDictionary({"胃炎": ["own"], "胃癌": ["own"]}))
        assert len(merged) == 5
        assert merged.lists_of("胃炎") == ("disease", "own")
        assert merged.lists_of("阿司匹林") == ("drug",)
        assert len(dictionary) == 4 and dictionary.lists_of("胃炎") == ("disease",)

    def test_select_keeps_only_the_lists_asked_for(self, dictionary):
        selected = dictionary.select(["symptom", "drug"])
        assert dict(selected.items()) == {"阿司匹林": ("drug",), "黄疸": ("symptom",)}
        with pytest.raises(DictionaryError, match="No list operation: the dictionary has disease, drug, exam, symptom"):
            dictionary.select(["drug", "operation"])

    def test_subsamples_are_nested_and_independent_of_order(self):
        terms = [f"术语{i}" for i in range(1000)]
        full = ClinicalDictionary({term: ["disease"] for term in terms})
        random.Random(1).shuffle(terms)
        shuffled = ClinicalDictionary({term: ["disease"] for term in terms})
        samples = [full.subsample(share, seed=7) for share in (0.7, 0.8, 0.9, 1.0)]
        assert [len(sample) for sample in samples] == [700, 800, 900, 1000]
        for smaller, larger in itertools.pairwise(samples):
            assert set(smaller) < set(larger)
        assert samples[0] == shuffled.subsample(0.7, seed=7) != full.subsample(0.7, seed=8)
        assert samples[0].lists == {"disease": 700}

    @pytest.mark.parametrize("share", [0, -0.1, 1.1, 70, float("nan")])
    def test_a_share_that_is_none_is_refused(self, dictionary, share):
        with pytest.raises(ValueError, match="share must be above 0 and at most 1"):
            dictionary.subsample(share)


class TestSavedFile:
    def test_round_trip(self, dictionary, tmp_path):
        path = tmp_path / "dictionary.tsv"
        dictionary.save(path)
        assert (
            path.read_text(encoding="utf-8") == "胃炎\tdisease\n胃镜检查\texam\n阿司匹林\tdrug\n黄疸\tdisease,symptom\n"
        )
        assert ClinicalDictionary.load(path) == dictionary == ClinicalDictionary.from_path(path)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == dictionary.fingerprint

    def test_a_saved_file_needs_no_general_reader(self, tmp_path, monkeypatch):
        # It takes seconds for a million terms.
        ClinicalDictionary({"胃炎": ["Disease", "症状"]}).save(tmp_path / "dictionary.tsv")
        monkeypatch.setattr(ClinicalDictionary, "from_path", None)
        assert ClinicalDictionary.load(tmp_path / "dictionary.tsv").lists_of("胃炎") == ("Disease", "症状")

    def test_a_file_with_its_fingerprint_is_not_looked_through(self, dictionary, tmp_path, monkeypatch):
        path = tmp_path / "dictionary.tsv"
        dictionary.save(path)
        with monkeypatch.context() as patch:
            patch.setattr("modeling_dicmt.dictionary._is_canonical", None)
            assert ClinicalDictionary.load(path, dictionary.fingerprint) == dictionary
            with pytest.raises(TypeError):
                ClinicalDictionary.load(path)
        path.write_text("ＣＴ检查\texam\n", encoding="utf-8")  # edited, not as `save` writes it
        assert list(ClinicalDictionary.load(path, dictionary.fingerprint)) == ["ct检查"]

    def test_a_fingerprint_lets_no_term_in_twice(self, tmp_path):
        path = write(tmp_path / "dictionary.tsv", "黄疸\tdrug\n胃炎\tdisease\n胃炎\tdrug\n")
        dictionary = ClinicalDictionary.load(path, hashlib.sha256(path.read_bytes()).hexdigest())
        assert dict(dictionary.items()) == {"胃炎": ("disease", "drug"), "黄疸": ("drug",)}

    def test_an_empty_dictionary_comes_back_empty(self, tmp_path):
        ClinicalDictionary({}).save(tmp_path / "dictionary.tsv")
        empty = ClinicalDictionary.load(tmp_path / "dictionary.tsv")
        assert len(empty) == 0 and list(empty) == [] and "胃炎" not in empty and empty.lists == {}

    @pytest.mark.parametrize(
        "edited",
        [
            "黄疸\tsymptom,disease\n胃炎\tdisease\n",  # neither terms nor lists in order
            "胃炎\tdisease\r\n黄疸\tdisease,symptom\r\n",
            "胃炎\tdisease\n黄疸\tdisease,symptom",
            "胃炎\tdisease\n\n黄疸\tdisease,symptom\n",
            "胃炎\tdisease\n黄疸\tdisease\n黄疸\tsymptom\n",
            "胃炎\tdisease\n胃炎 \tdisease\n黄疸\tdisease,symptom\n",
            "胃炎\tdisease\n黄疸\tdisease,symptom\tseen in ward 3\n",
            "\ufeff胃炎\tdisease\n黄疸\tdisease,symptom\n",
        ],
    )
    def test_a_file_edited_by_hand_is_read_all_the_same(self, tmp_path, edited):
        path = write(tmp_path / "dictionary.tsv", edited)
        expected = ClinicalDictionary({"胃炎": ["disease"], "黄疸": ["disease", "symptom"]})
        assert ClinicalDictionary.load(path) == expected

    def test_terms_added_by_hand_are_normalised(self, tmp_path):
        dictionary = ClinicalDictionary.load(write(tmp_path / "dictionary.tsv", "CT\texam\n胃炎\tdisease\n"))
        assert list(dictionary) == ["ct", "胃炎"]

    @pytest.mark.parametrize(
        ("edited", "line", "reason"),
        [
            ("胃炎\tdisease\n黄疸\n", 2, "no type"),
            ("胃炎\tdisease\n黄疸\t\n", 2, "no type"),
            ("胃炎\n黄疸\ta\tdisease\n", 1, "no type"),  # as many tabs as lines
            ("\tdisease\n胃炎\tdisease\n", 1, "empty"),
            ("胃炎\tdisease\n黄\x1f疸\tdisease\n", 2, "U+001F"),
        ],
    )
    def test_a_row_that_editing_broke_is_rejected(self, tmp_path, edited, line, reason):
        dictionary = ClinicalDictionary.load(write(tmp_path / "dictionary.tsv", edited))
        assert len(dictionary) == 1
        assert [(row.file, row.line) for row in dictionary.rejected] == [("dictionary.tsv", line)]
        assert reason in dictionary.rejected[0].reason

    def test_a_failing_save_leaves_the_old_file_and_nothing_else(self, dictionary, tmp_path, monkeypatch):
        path = tmp_path / "dictionary.tsv"
        dictionary.save(path)

        def fail(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("modeling_dicmt.files.os.replace", fail)
        with pytest.raises(OSError, match="No space left"):
            ClinicalDictionary({"胃癌": ["disease"]}).save(path)
        assert [file.name for file in tmp_path.iterdir()] == ["dictionary.tsv"]
        assert ClinicalDictionary.load(path) == dictionary

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"There is no dictionary at .*nowhere"):
            ClinicalDictionary.load(tmp_path / "nowhere")


def test_terms_without_their_lists_were_an_attribute_error():
    with pytest.raises(DictionaryError, match=r"terms must be a mapping \{term: \[lists\]\}, got list"):
        ClinicalDictionary(["低分子肝素"])
