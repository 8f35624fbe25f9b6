"""Which sentences get pseudo-labels, and the file that keeps them."""

import numpy as np
import pytest
from tiny_network import RECORDS, make_model, make_tokenizer

from modeling_dicmt.prediction import predict_sentences
from modeling_dicmt.torch_tagger import TorchTagger
from modeling_dicmt.training import pseudo_labels
from modeling_dicmt.training.pseudo_labels import PSEUDO_LABELS_FILE, PseudoLabels, label_records
from modeling_dicmt.training.teachers import Teacher
from modeling_dicmt.training.unlabelled_records import UnlabelledRecords, UnseenSentences
from modeling_dicmt.training.voting import Vote

# Sentences come again within a record, in the next one, and in another width.
TEXTS = [RECORDS[0] + RECORDS[0], RECORDS[1], "", "  。\n", "ＣＴ示𠂇侧肺\t气肿😀。痛", "左肺肺炎，服用阿莫西林。"]


@pytest.fixture(scope="module")
def vote():
    tokenizer = make_tokenizer()
    return Vote([Teacher(make_model(), tokenizer), Teacher(make_model(seed=1), tokenizer)], tokenizer)


@pytest.fixture
def labels(vote, accelerator):
    return label_records(vote, TEXTS, (), 0.0, accelerator())[0]


def sentences_of(labels, texts=TEXTS):
    return [
        texts[record][start : start + length]
        for record, start, length in zip(*(column.tolist() for column in labels[:3]), strict=True)
    ]


def test_each_sentence_is_labelled_once_where_it_first_occurs(labels):
    assert sentences_of(labels) == [
        "患者左肺见阴影，考虑肺炎。",
        "既往有高血压病史10余年，规律服用阿莫西林　0.5g，否认糖尿病，胃镜示胃窦部充血水肿，考虑胃炎。",
        "CT示𠂇侧肺\t气肿😀。\n",
        "痛",
        "左肺肺炎，服用阿莫西林。",
    ]


def test_labels_are_those_of_the_vote(labels, vote):
    examples = labels.examples(TEXTS, vote.teachers[0].tokenizer)
    answers = vote.label([examples.sentences] * 2)
    assert [tags.tolist() for tags in examples.tags] == [answer.prediction.tags.tolist() for answer in answers]
    counts = labels.figures(vote.teachers[0].tokenizer.entity_types)
    entities = [entity for answer in answers for entity in answer.prediction.entities]
    assert counts["entities"] == len(entities) > 0
    assert all(counts["by_type"][name] == sum(e.type == name for e in entities) for name in counts["by_type"])
    assert (counts["sentences"], counts["characters"]) == (5, sum(map(len, sentences_of(labels))))


def test_sentences_of_known_records_and_uncertain_ones_are_left_out(vote, accelerator, labels):
    examples = labels.examples(TEXTS, vote.teachers[0].tokenizer)
    certainty = [answer.certainty for answer in vote.label([examples.sentences] * 2)]
    of_sentence = dict(zip(sentences_of(labels), certainty, strict=True))
    known = [text for text in of_sentence if text.startswith(("痛", "左肺"))]
    limit = sorted(p for text, p in of_sentence.items() if text not in known)[1]
    found, counts = label_records(vote, TEXTS, ["痛。左肺肺炎，服用阿莫西林"], limit, accelerator())
    assert len(known) == 2 and len(found.lengths) == 2
    assert set(sentences_of(found)) == {t for t, p in of_sentence.items() if p >= limit} - set(known)
    assert counts == {"sentences": 9, "repeated": 6, "uncertain": 1}


def test_memory_holds_a_chunk_and_labels_do_not_depend_on_its_size(vote, accelerator, labels, monkeypatch):
    monkeypatch.setattr(pseudo_labels, "CHUNK_CHARACTERS", 1)
    read = []

    def texts():
        for number, text in enumerate(TEXTS):
            assert number <= len(read) + 1  # the empty one fills no chunk; else none is asked for too early
            yield text

    again, _ = label_records(vote, texts(), (), 0.0, accelerator(), lambda count: read.extend([None] * count))
    assert all(np.array_equal(one, other) for one, other in zip(again, labels, strict=True))


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_share_the_chunks_and_get_the_labels_of_one(vote, accelerator, labels, monkeypatch, processes):
    monkeypatch.setattr(pseudo_labels, "CHUNK_CHARACTERS", 30)
    expected, counts = label_records(vote, TEXTS, (), 0.0, accelerator())
    assert len(expected.lengths) > 2
    parts = []
    monkeypatch.setattr(pseudo_labels, "gather_object", lambda own: parts.append(own) or own)

    class Process:
        num_processes = processes

    for process in range(processes):
        Process.process_index = process
        label_records(vote, TEXTS, (), 0.0, Process)
    assert sum(bool(part) for part in parts) > 1
    together = [chunk for part in parts for chunk in part]
    monkeypatch.setattr(pseudo_labels, "gather_object", lambda own: together)
    found, of_all = label_records(vote, TEXTS, (), 0.0, Process)
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True)) and of_all == counts


def test_the_file_holds_them_to_the_bit_and_no_text(labels, tmp_path):
    labels.save(tmp_path)
    again = PseudoLabels.load(tmp_path)
    assert all(np.array_equal(one, other) for one, other in zip(again, labels, strict=True))
    content = (tmp_path / PSEUDO_LABELS_FILE).read_bytes()
    tokenizer = make_tokenizer()
    for sentence in sentences_of(labels):
        if len(sentence) > 1:
            assert sentence.encode("utf-8")[:6] not in content
            for kind in (np.int16, np.int32, np.int64):
                ids = np.array(tokenizer(sentence)["input_ids"][:4], dtype=kind)
                assert ids.tobytes() not in content


def test_nothing_labelled_is_no_error(vote, accelerator, tmp_path):
    labels, counts = label_records(vote, ["", " "], (), 0.0, accelerator())
    labels.save(tmp_path)
    assert len(PseudoLabels.load(tmp_path).examples(["", " "], make_tokenizer())) == 0
    assert labels.figures(["Drug"]) == {"sentences": 0, "characters": 0, "entities": 0, "by_type": {"Drug": 0}}
    assert counts == {"sentences": 0, "repeated": 0, "uncertain": 0}


def damage(kind, labels):
    return {
        "shorter": labels._replace(entities=labels.entities[:-1]),
        "unequal": labels._replace(starts=labels.starts[:-1]),
        "negative": labels._replace(starts=-labels.starts - 1),
        "other type": labels._replace(entities=labels.entities.astype(np.int64)),
        "beyond its sentence": labels._replace(entities=labels.entities + np.array([0, 50, 0], dtype=np.int32)),
        "empty": labels._replace(entities=labels.entities * np.array([1, 0, 1], dtype=np.int32)),
        "other shape": labels._replace(records=labels.records[:, None]),
    }[kind]


@pytest.mark.parametrize(
    "kind", ["shorter", "unequal", "negative", "other type", "beyond its sentence", "empty", "other shape"]
)
def test_a_damaged_file_is_refused(labels, tmp_path, kind):
    damage(kind, labels).save(tmp_path)
    with pytest.raises(ValueError, match=rf"{PSEUDO_LABELS_FILE} is damaged, or of another training"):
        PseudoLabels.load(tmp_path)


def test_a_cut_or_missing_file_is_refused(labels, tmp_path):
    with pytest.raises(ValueError, match="is damaged"):
        PseudoLabels.load(tmp_path)
    labels.save(tmp_path)
    path = tmp_path / PSEUDO_LABELS_FILE
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="is damaged"):
        PseudoLabels.load(tmp_path)


def test_labels_of_other_records_are_refused(labels):
    with pytest.raises(ValueError, match="of other unlabelled records"):
        labels.examples(TEXTS[1:], make_tokenizer())


def test_a_student_with_another_dictionary_and_vocabulary_gets_its_own_features(labels, vote):
    student = make_tokenizer(ngram_sizes=[])
    examples = labels.examples(TEXTS, student)
    assert len(examples) == len(labels.lengths)
    assert {sentence.dictionary_features.shape[1] for sentence in examples.sentences} == {student.lexicon.dim}
    network = make_model(ngram_sizes=[])
    assert len(predict_sentences(TorchTagger(network), examples.sentences)) == len(examples)


def test_pieces_of_a_long_sentence_are_told_apart_one_by_one():
    unseen = UnseenSentences(max_length=4)
    assert unseen.starts("甲乙，丙丁，甲乙。") == ([0, 3], 3)
    assert unseen.starts("丙丁。戊") == ([3], 2)


def test_unlabelled_records_are_counted_and_told_from_others():
    one, two, other = (UnlabelledRecords(lambda t=texts: iter(t)) for texts in (["甲", "乙丙"], ["甲乙", "丙"], ["甲"]))
    assert (one.records, one.characters) == (2, 3) and list(one) == list(one) == ["甲", "乙丙"]
    assert len({one.fingerprint, two.fingerprint, other.fingerprint}) == 3
    with pytest.raises(ValueError, match="there is no text in these files"):
        UnlabelledRecords(lambda: ["", " \n"])
