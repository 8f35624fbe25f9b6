"""Documents → sentences on disk and back."""

import json
import pickle
import random
from collections import Counter
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import datasets
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from unlabelled_texts import documents_of, pack, write

from data_scripts.unlabelled import held_out, packing
from data_scripts.unlabelled.packed import PackedSentences
from modeling_dicmt.normalization import normalize
from modeling_dicmt.sentences import cut_sentence, split_sentences

TEXTS = st.lists(st.text(alphabet="患者腹痛CTｃ。，\n 　｡\u2028𠮷\ud800", max_size=12), min_size=1, max_size=12)


@given(TEXTS, st.integers(1, 8))
@example(["。。患者", "患者。", "ＣＴ", "ct", " ct\n"], 3)
def test_sentences_put_end_to_end_are_the_normalised_documents_each_once(texts, limit):
    expected = {normalize(text.strip()) for text in texts} - {""}
    if not expected:
        return
    with TemporaryDirectory() as scratch:
        # ASCII, since half a character (a lone surrogate) has no UTF-8, only an escape
        path = write(Path(scratch) / "a.jsonl", *(json.dumps({"text": text}) for text in [*texts, "咳"]))
        corpus = pack(Path(scratch) / "packed", path, max_sentence_length=limit)
        train, held = documents_of(corpus.train), documents_of(corpus.held_out)
        assert Counter(train + held) == Counter(expected | {"咳"})
        assert not set(train) & set(held) and (held or len(expected | {"咳"}) == 1)
        sentences = [part[index] for part in (corpus.train, corpus.held_out) for index in range(len(part))]
        assert Counter(sentences) == Counter(
            text[piece.start : piece.end]
            for text in expected | {"咳"}
            for sentence in split_sentences(text)
            for piece in cut_sentence(text, sentence, limit)
        )
        report = corpus.report
        assert report.documents == len(train + held) and report.held_out_documents == len(held)
        assert report.documents + report.duplicates + report.empty == len(texts) + 1
        assert report.sentences == len(sentences) and report.characters == len("".join(sentences))
        assert report.held_out_sentences == len(corpus.held_out)
        assert report.held_out_characters == len("".join(held))


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Three files with 600 documents, some in several files; packed in small batches."""
    monkeypatch.setattr(packing, "_BATCH_CHARACTERS", 500)
    monkeypatch.setattr(held_out, "MIN_HELD_OUT_SENTENCES", 20)
    draw = random.Random(0)
    texts = ["".join(draw.choices("患者腹痛三天。，ＡB", k=draw.randint(1, 40))) for _ in range(600)]
    return [write(tmp_path / "files" / f"{name}.txt", *draw.sample(texts, 400)) for name in "abc"]


def test_neither_the_files_order_nor_their_place_changes_anything(files, tmp_path):
    one = pack(tmp_path / "one", *files)
    other = pack(tmp_path / "other", files[2], files[0], files[1])
    folder = pack(tmp_path / "folder", files[0].parent)
    for corpus in (other, folder):
        assert corpus.fingerprint == one.fingerprint
        for name in ("train.arrow", "held_out.arrow"):
            assert (corpus.folder / name).read_bytes() == (one.folder / name).read_bytes()


def test_other_names_change_the_order_and_not_the_documents(files, tmp_path):
    one = pack(tmp_path / "one", *files)
    renamed = [path.rename(path.with_name(f"{9 - index}.txt")) for index, path in enumerate(files)]
    other = pack(tmp_path / "other", *renamed)
    assert other.fingerprint != one.fingerprint and documents_of(other.train) != documents_of(one.train)
    assert set(documents_of(other.train)) == set(documents_of(one.train))
    assert set(documents_of(other.held_out)) == set(documents_of(one.held_out))


def test_sentences_are_taken_by_number_from_any_batch(files, tmp_path):
    sentences = pack(tmp_path / "packed", *files).train
    assert len(sentences._batches) > 10
    texts = [sentences[index] for index in range(len(sentences))]
    assert "".join(texts[:3]) in "".join(documents_of(sentences))
    assert sentences.lengths.dtype == np.int32 and sentences.lengths.tolist() == list(map(len, texts))
    numbers = [len(texts) - 1, 0, 77, 77, -2, 300]
    points, ends = sentences.take(numbers)
    assert points.dtype == np.uint32 and ends.dtype == np.int64
    assert "".join(map(chr, points.tolist())) == "".join(texts[number] for number in numbers)
    assert ends.tolist() == np.cumsum([len(texts[number]) for number in numbers]).tolist()
    assert sentences.texts(numbers) == [texts[number] for number in numbers]
    assert sentences.texts([]) == []
    with pytest.raises(IndexError):
        sentences[len(texts)]


def test_a_documents_sentences_stand_side_by_side(files, tmp_path):
    documents = pack(tmp_path / "packed", *files).train.documents
    assert np.count_nonzero(np.diff(documents)) == len(np.unique(documents)) - 1


def test_other_processes_get_the_path(files, tmp_path):
    sentences = pack(tmp_path / "packed", *files).train
    sent = pickle.dumps(sentences)
    assert len(sent) < 1000 and pickle.loads(sent).texts([5, 6]) == sentences.texts([5, 6])


def test_the_datasets_library_reads_the_files(files, tmp_path):
    corpus = pack(tmp_path / "packed", *files)
    dataset = datasets.Dataset.from_file(str(corpus.folder / "train.arrow"))
    assert dataset.features == packing.FEATURES
    assert "".join(map(chr, dataset[7]["points"])) == corpus.train[7]


def test_counts_are_of_what_is_trained_on(files, tmp_path):
    corpus = pack(tmp_path / "packed", *files)
    texts = corpus.train.texts(range(len(corpus.train)))
    assert corpus.character_counts == Counter("".join(texts))
    pairs, counts = corpus.bigram_counts
    found = {chr(one) + chr(two): count for (one, two), count in zip(pairs.tolist(), counts.tolist(), strict=True)}
    assert found == Counter(one + two for text in texts for one, two in pairwise(text))


def test_a_corpus_of_one_document_has_no_held_out_part(tmp_path):
    corpus = pack(tmp_path / "packed", write(tmp_path / "a.txt", "患者。腹痛。"))
    assert (len(corpus.train), len(corpus.held_out)) == (2, 0)
    assert corpus.held_out.take([])[0].shape == (0,) and corpus.held_out.lengths.shape == (0,)
    assert isinstance(corpus.held_out, PackedSentences)
