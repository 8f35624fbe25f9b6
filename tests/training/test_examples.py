import numpy as np
import pytest

from modeling_dicmt.tagging import Span, bio_labels, tags_to_spans
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer, character_vocabulary
from modeling_dicmt.training.examples import join_examples, make_examples

LABELS = bio_labels(["Disease", "Exam"])
LABEL2ID = {label: index for index, label in enumerate(LABELS)}
TEXT = "患肺炎。\n查CT示肺炎"


def record(text: str, *entities: tuple[int, int, str], name: str = "a-1") -> dict:
    return {
        "id": name,
        "text": text,
        "entities": [dict(zip(("start", "end", "type"), e, strict=True)) for e in entities],
    }


def tokenizer_of(*texts: str, max_sentence_length: int = 250) -> DicMTTokenizer:
    return DicMTTokenizer(
        vocab=character_vocabulary(texts, min_count=1),
        entity_types=["Disease", "Exam"],
        ngram_sizes=[],
        max_sentence_length=max_sentence_length,
    )


def labels_of(tags: np.ndarray) -> list[str]:
    return [LABELS[tag] for tag in tags]


def test_entities_become_tags_of_their_sentences():
    entities = [(1, 3, "Disease"), (6, 8, "Exam"), (9, 11, "Disease")]
    examples = make_examples([record(TEXT, *entities)], tokenizer_of(TEXT), LABEL2ID)
    assert [sentence.start for sentence in examples.sentences] == [0, 5]
    assert labels_of(examples.tags[0]) == ["O", "B-Disease", "I-Disease", "O", "O"]
    assert labels_of(examples.tags[1]) == ["O", "B-Exam", "I-Exam", "O", "B-Disease", "I-Disease"]
    assert examples.tags[0].dtype == np.int64
    assert examples.lengths.tolist() == [5, 6] and len(examples) == 2
    assert examples.crossing == []


def test_tags_read_back_as_the_records_entities(corpus, tokenizer):
    """On the sample: what training sees is what was annotated, but for the entities it reports."""
    records = corpus[0]["train"]
    label2id = {label: index for index, label in enumerate(bio_labels(tokenizer.entity_types))}
    examples = make_examples(records, tokenizer, label2id)
    id2label = {index: label for label, index in label2id.items()}
    found = {
        (records[sentence.record]["id"], span)
        for sentence, tags in zip(examples.sentences, examples.tags, strict=True)
        for span in tags_to_spans(tags, id2label, offset=sentence.start)
    }
    annotated = {(item["id"], Span(**entity)) for item in records for entity in item["entities"]}
    assert found | set(examples.crossing) == annotated and len(found) > 20


def test_an_entity_across_sentences_is_reported_and_not_trained_on():
    examples = make_examples([record(TEXT, (1, 3, "Disease"), (2, 6, "Exam"))], tokenizer_of(TEXT), LABEL2ID)
    assert examples.crossing == [("a-1", Span(2, 6, "Exam"))]
    assert labels_of(np.concatenate(examples.tags)) == ["O", "B-Disease", "I-Disease"] + ["O"] * 8


def test_an_entity_across_a_forced_cut_is_reported():
    text = "患者肺炎肺炎"
    tokenizer = tokenizer_of(text, max_sentence_length=3)
    examples = make_examples([record(text, (2, 4, "Disease"), (4, 6, "Disease"))], tokenizer, LABEL2ID)
    assert examples.lengths.tolist() == [3, 3]
    assert examples.crossing == [("a-1", Span(2, 4, "Disease"))]
    assert labels_of(examples.tags[1]) == ["O", "B-Disease", "I-Disease"]


@pytest.mark.parametrize(
    ("entities", "reason"),
    [
        ([(1, 3, "Disease"), (2, 4, "Exam")], "overlap"),
        ([(1, 3, "Drug")], "not in the label set"),
        ([(2, 2, "Exam")], "is empty"),
    ],
)
def test_a_wrong_entity_names_its_record(entities, reason):
    records = [record("患者", name="a-0"), record(TEXT, *entities, name="a-7")]
    with pytest.raises(ValueError, match=rf"Record a-7: .*{reason}"):
        make_examples(records, tokenizer_of(TEXT), LABEL2ID)


def test_records_without_text_or_entities_are_fine():
    examples = make_examples([record(""), record("患者")], tokenizer_of(TEXT), LABEL2ID)
    assert [sentence.record for sentence in examples.sentences] == [1]
    assert labels_of(examples.tags[0]) == ["O", "O"]


def test_joined_examples_hold_the_sentences_of_both():
    tokenizer = tokenizer_of(TEXT)
    first, second = (
        make_examples([record(TEXT, *e)], tokenizer, LABEL2ID) for e in ([(1, 3, "Exam")], [(2, 6, "Exam")])
    )
    joined = join_examples(first, second)
    assert joined.sentences == first.sentences + second.sentences
    assert joined.tags == first.tags + second.tags
    assert joined.crossing == second.crossing
    assert len(first) == 2
