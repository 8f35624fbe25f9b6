"""DicMT's pipeline in this process; `test_checkpoint.py` has it where the package is not installed."""

import shutil
import subprocess
import sys
import types

import datasets
import pytest
from damaged_checkpoints import make_a_weight_no_number, remove_a_weight
from tiny_network import RECORDS, SENTENCES, make_model, make_tokenizer, rounded
from transformers import pipeline
from transformers.pipelines.pt_utils import KeyDataset
from transformers.pipelines.token_classification import AggregationStrategy

from modeling_dicmt.pipeline_dicmt import DicMTPipeline
from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.recognition_settings import RecognitionSettings
from modeling_dicmt.torch_tagger import TorchTagger

TEXTS = [*RECORDS, *SENTENCES]


def make_pipeline(**settings):
    return DicMTPipeline(model=make_model(), tokenizer=make_tokenizer(), device="cpu", **settings)


@pytest.fixture(scope="module")
def recognise():
    return make_pipeline()


@pytest.fixture(scope="module")
def expected():
    return rounded(EntityRecognizer(TorchTagger(make_model()), make_tokenizer()).stream(TEXTS))


def test_a_string_gives_its_entities(recognise, expected):
    assert rounded([recognise(TEXTS[0])]) == expected[:1] != [[]]
    assert recognise("") == []


@pytest.mark.parametrize("form", [list, tuple])
def test_lists_give_lists(recognise, expected, form):
    found = recognise(form(TEXTS))
    assert type(found) is list and rounded(found) == expected
    assert recognise(form()) == [] and recognise(form(["", ""])) == [[], []]


def test_everything_else_streams(recognise, expected):
    column = datasets.Dataset.from_dict({"text": TEXTS})
    for inputs in ((text for text in TEXTS), column["text"], KeyDataset(column, "text"), iter(TEXTS), map(str, TEXTS)):
        found = recognise(inputs)
        assert isinstance(found, types.GeneratorType)
        assert rounded(found) == expected
    stream = datasets.IterableDataset.from_generator(lambda: ({"text": text} for text in TEXTS))
    assert rounded(recognise(record["text"] for record in stream)) == expected
    assert list(recognise(text for text in [])) == []


def test_settings_hold_from_the_start_or_for_a_call(expected):
    certain = [[item for item in found if item["score"] >= 0.9] for found in expected]
    assert certain != expected
    recognise = make_pipeline(threshold=0.9)
    assert rounded(recognise(TEXTS)) == certain
    assert rounded(recognise(TEXTS, threshold=0.0)) == expected
    assert rounded(recognise(TEXTS)) == certain
    assert rounded(recognise(TEXTS, aggregation_strategy=AggregationStrategy.MAX, threshold=None)) == certain


def test_nothing_is_imported_that_only_training_needs(checkpoint):
    names = "('datasets', 'evaluate', 'accelerate', 'tensorboard', 'pandas', 'pyarrow')"
    told = f"print(*[name for name in {names} if name in sys.modules])"
    ours = (
        "import sys\nfrom modeling_dicmt.pipeline_dicmt import DicMTPipeline\n"
        "from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification\n"
        "from modeling_dicmt.tokenization_dicmt import DicMTTokenizer\n"
        "network = DicMTForTokenClassification.from_pretrained(sys.argv[1])\n"
        "DicMTPipeline(model=network, tokenizer=DicMTTokenizer.from_pretrained(sys.argv[1]))('左肺炎。')\n" + told
    )
    stock = "import sys\nfrom transformers import Pipeline, PreTrainedModel\n" + told  # has accelerate imported itself
    imported, by_transformers = (
        subprocess.run([sys.executable, "-c", code, str(checkpoint)], capture_output=True, text=True, check=True).stdout
        for code in (ours, stock)
    )
    assert imported == by_transformers
    assert "datasets" not in imported
    assert "evaluate" not in imported


def test_terms_of_a_call_are_added_to_those_given_at_the_start(tmp_path):
    """They replace nothing; all other settings, reference lists too, are replaced."""
    (tmp_path / "own.tsv").write_text("阴影\tDrug\n", encoding="utf-8")
    recognise = make_pipeline(terms=str(tmp_path / "own.tsv"), not_terms=["肺炎"], force=True, evidence=True)
    stream = EntityRecognizer(TorchTagger(make_model()), make_tokenizer()).stream

    def expected(terms, not_terms, force=True):
        settings = RecognitionSettings(terms=terms, not_terms=not_terms, force=force, evidence=True)
        return rounded(stream(TEXTS, settings))

    own = expected({"Drug": ["阴影"]}, ["肺炎"])
    assert rounded(recognise(TEXTS)) == own
    both = expected({"Drug": ["阴影"], "anatomy": ["考虑"]}, ["肺炎"])
    assert rounded(recognise(TEXTS, terms={"anatomy": ["考虑"]})) == both != own
    none = expected({"Drug": ["阴影"]}, {"*": ["肺炎"], "Drug": ["阴影"]})
    assert rounded(recognise(TEXTS, not_terms={"Drug": ["阴影"]})) == none != own
    assert rounded(recognise(TEXTS, terms={}, not_terms=[])) == rounded(recognise(TEXTS)) == own
    with pytest.raises(ValueError, match="no channel for vetted terms"):
        recognise(TEXTS, force=False)
    other = make_pipeline(dictionary={"drug": ["阴影"]}, evidence=True)
    assert rounded(other(TEXTS, dictionary={"drug": ["考虑"]})) == rounded(
        stream(TEXTS, RecognitionSettings(dictionary={"drug": ["考虑"]}, evidence=True))
    )


@pytest.mark.parametrize("settings", [{"batch_size": 3}, {"num_workers": 0}, {"stride": 2}, {"batch_characters": 9}])
def test_the_stock_pipelines_settings_for_speed_change_nothing(recognise, expected, settings):
    found = recognise(TEXTS, **settings)
    assert [[item["word"] for item in items] for items in found] == [
        [item["word"] for item in items] for items in expected
    ]


@pytest.mark.parametrize("inputs", [None, 3, 1.5, b"text", {"text": "肺炎"}])
def test_inputs_that_are_no_text(recognise, inputs):
    with pytest.raises(ValueError, match=f"got {type(inputs).__name__}"):
        recognise(inputs)


@pytest.mark.parametrize("wrong", [None, 3, {"role": "user", "content": "肺炎"}, ["肺炎"]])
def test_lists_with_something_that_is_no_text(recognise, wrong):
    with pytest.raises(ValueError, match=rf"Record 1: expected its text, a string, got {type(wrong).__name__}"):
        recognise(["肺炎", wrong])
    with pytest.raises(ValueError, match=rf"Record 0: .* got {type(wrong).__name__}"):
        recognise([wrong])


def test_settings_that_there_are_not(recognise):
    with pytest.raises(ValueError, match=r"Unknown settings \w+; this pipeline has aggregation_strategy"):
        recognise(TEXTS, is_split_into_words=True)
    with pytest.raises(ValueError, match="threshold must be"):
        make_pipeline(threshold=7)


def test_threads_are_set_where_the_pipeline_is_made(expected):
    recognise = make_pipeline(cpu_threads=2)
    assert recognise.recognizer.tagger.cpu_threads == 2
    assert rounded(recognise(TEXTS)) == expected
    with pytest.raises(ValueError, match="Unknown settings"):
        recognise(TEXTS, cpu_threads=1)
    with pytest.raises(ValueError, match="cpu_threads must be"):
        make_pipeline(cpu_threads=0)


@pytest.mark.parametrize("damage", [remove_a_weight, make_a_weight_no_number])
def test_a_damaged_checkpoint_is_refused(damage, checkpoint, tmp_path):
    folder = shutil.copytree(checkpoint, tmp_path / "damaged")
    with pytest.raises(ValueError, match=damage(folder)):
        pipeline("token-classification", model=str(folder), trust_remote_code=True)


def test_the_stock_pipeline_agrees_on_sentences(recognise):
    """thanks to the max-marginals in `logits`"""
    stock = pipeline(
        "token-classification", model=make_model(), tokenizer=make_tokenizer(), aggregation_strategy="simple"
    )
    own = recognise(SENTENCES)
    assert [[(e["start"], e["end"], e["entity_group"]) for e in found] for found in stock(SENTENCES)] == [
        [(e["start"], e["end"], e["entity_group"]) for e in found] for found in own
    ]
    assert sum(map(len, own)) > 10


def test_one_input_by_the_base_classs_steps(recognise, expected):
    """`preprocess`, `forward` and `postprocess`, which some tools call themselves."""
    assert rounded([recognise.run_single(TEXTS[0], {}, {}, {})]) == expected[:1]
