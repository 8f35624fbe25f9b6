"""Recognition on ONNX Runtime: the pipeline's answers and interface, what a broken export says, what is imported."""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from tiny_network import RECORDS, SENTENCES, make_span_tokenizer

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from modeling_dicmt.onnx import OnnxPipeline, pipeline
from modeling_dicmt.onnx.pipeline import OnnxTagger
from modeling_dicmt.pipeline_dicmt import DicMTPipeline
from modeling_dicmt.prediction import pad_sentences

TEXTS = [*RECORDS, *SENTENCES]
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"aggregation_strategy": "none"},
        {"evidence": True, "threshold": 0.5},
        {"terms": {"drug": ["见阴影"]}, "not_terms": ["肺"], "force": True},
    ],
)
def test_answers_are_those_of_the_pipeline(exported, settings):
    model, tokenizer, folder = exported
    expected = DicMTPipeline(model=model, tokenizer=tokenizer, device="cpu")(TEXTS, **settings)
    found = OnnxPipeline(folder, **settings)(TEXTS)
    assert sum(map(len, expected)) > 10
    for one, other in zip(found, expected, strict=True):
        assert [item["score"] for item in one] == pytest.approx([item["score"] for item in other], abs=1e-4)
        assert [item | {"score": 0} for item in one] == [item | {"score": 0} for item in other]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"evidence": True, "threshold": 0.5},
        {"not_terms": ["肺"], "batch_characters": 1},
        {"terms": {"drug": ["见阴影", "规律服用阿莫西林"]}, "force": True, "dictionary": {"disease": ["患者左肺"]}},
    ],
)
def test_nested_entities_are_those_of_the_pipeline(exported_spans, settings):
    model, tokenizer, folder = exported_spans
    expected = DicMTPipeline(model=model, tokenizer=tokenizer, device="cpu")(TEXTS, **settings)
    found = OnnxPipeline(folder, **settings)(TEXTS)
    assert sum(map(len, expected)) > 10
    for one, other in zip(found, expected, strict=True):
        assert [item["score"] for item in one] == pytest.approx([item["score"] for item in other], abs=1e-5)
        assert [item | {"score": 0} for item in one] == [item | {"score": 0} for item in other]


def test_a_dictionarys_terms_are_evidence_for_the_spans_of_an_export_as_well(export):
    """Or the comparisons above would say nothing of it."""
    folder = export("spans")[2]
    with_terms, without = (OnnxPipeline(folder)(TEXTS, dictionary=terms) for terms in (None, {"disease": ["囍囍"]}))
    assert with_terms != without


def test_characters_are_not_asked_of_an_export_that_scores_spans(export):
    with pytest.raises(ValueError, match="has no tags of characters"):
        OnnxPipeline(export("spans")[2])(TEXTS, aggregation_strategy="none")


def test_the_interface_is_the_pipelines(plain):
    model, tokenizer, folder = plain
    recognise, expected = OnnxPipeline(folder), DicMTPipeline(model=model, tokenizer=tokenizer, device="cpu")

    def words(answers):
        return [[item["word"] for item in found] for found in answers]

    assert words([recognise(TEXTS[0])]) == words([expected(TEXTS[0])]) != [[]]
    assert recognise([]) == [] and recognise("") == []
    assert words(recognise(text for text in TEXTS)) == words(expected(TEXTS))
    terms = {"drug": ["患者左", "阴影"]}
    assert (
        words(recognise(TEXTS, dictionary=terms)) == words(expected(TEXTS, dictionary=terms)) != words(expected(TEXTS))
    )
    for wrong in (None, 3, ["肺", None]):
        with pytest.raises(ValueError, match=r"got (NoneType|int)"):
            recognise(wrong)
    with pytest.raises(ValueError, match="Unknown settings"):
        OnnxPipeline(folder, stop=1)


@pytest.mark.parametrize(
    ("network", "name"),
    [
        *(("plain", name) for name in ("model.onnx", "crf.npz", "config.json")),
        *(("spans", name) for name in ("model.onnx", "spans.npz", "config.json")),
    ],
)
def test_a_folder_that_lacks_something_or_is_broken(export, tmp_path, network, name):
    folder = shutil.copytree(export(network)[2], tmp_path / "copy")
    if name != "config.json":
        (folder / name).write_bytes((folder / name).read_bytes()[:100])
        with pytest.raises(ValueError, match=r"broken network.*Export it anew"):
            OnnxTagger(folder)
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"lacks {name}"):
        OnnxTagger(folder)


def test_without_the_runtime_the_extra_is_named():
    with mock.patch.dict(sys.modules, {"onnxruntime": None}), pytest.raises(ImportError, match=r"dicmt\[onnx\]"):
        importlib.reload(pipeline)
    importlib.reload(pipeline)


@pytest.mark.parametrize("network", ["plain", "spans"])
def test_it_recognises_where_torch_cannot_be_imported(export, network):
    """None of our own modules may ask for it, nor for what only commands need."""
    folder = export(network)[2]
    expected = [[item["word"] for item in found] for found in OnnxPipeline(folder)(TEXTS)]
    code = (
        "import sys\n"
        "sys.modules['torch'] = sys.modules['torchcrf'] = None\n"
        "from modeling_dicmt.onnx import OnnxPipeline\n"
        f"found = OnnxPipeline({str(folder)!r})({TEXTS!r})\n"
        "wrong = ('modeling_dicmt.modeling_dicmt', 'modeling_dicmt.torch_tagger', 'modeling_dicmt.commands')\n"
        "print([[item['word'] for item in one] for one in found], [name for name in wrong if name in sys.modules])\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == f"{expected} []" and any(expected)


@pytest.mark.parametrize(
    ("name", "threads", "expected"), [("plain", None, 1), ("plain", 2, 2), ("encoder", None, 0), ("encoder", 1, 1)]
)
def test_a_batch_runs_on_one_thread_unless_an_encoder_or_the_caller_wants_more(export, name, threads, expected):
    """0 is the runtime's own choice, all cores."""
    tagger = OnnxTagger(export(name)[2], threads)
    assert tagger._session.get_session_options().intra_op_num_threads == expected


def test_an_export_with_scores_that_are_no_numbers_answered_with_noise(plain, tmp_path):
    folder = shutil.copytree(plain[2], tmp_path / "copy")
    chain = dict(np.load(folder / "crf.npz"))
    for name, value in (("transitions", np.nan), ("start", np.inf)):
        np.savez(folder / "crf.npz", **chain | {name: np.full_like(chain[name], value)})
        with pytest.raises(ValueError, match=r"crf\.npz has scores that are no numbers"):
            OnnxTagger(folder)
    np.savez(folder / "crf.npz", start=np.zeros(2), transitions=np.zeros((2, 2)), end=np.zeros(2))
    with pytest.raises(ValueError, match="has scores of 2 tags, not 7"):
        OnnxTagger(folder)

    tagger = OnnxTagger(plain[2])
    emissions = np.full((1, 1, 7), np.nan, dtype=np.float32)
    tagger._session = mock.Mock(run=lambda *_: [emissions] + [np.zeros((1, 1))] * (len(tagger._outputs) - 1))
    inputs = dict.fromkeys((*tagger._inputs, "attention_mask"), np.ones((1, 1), dtype=np.int64))
    with pytest.raises(ValueError, match="no finite numbers"):
        tagger.tag(inputs)


def test_scores_of_spans_that_are_none_or_of_another_network_are_refused(export, tmp_path):
    folder = shutil.copytree(export("spans")[2], tmp_path / "copy")
    scores = dict(np.load(folder / "spans.npz"))
    for name, value in (("length", np.nan), ("evidence", -np.inf)):
        np.savez(folder / "spans.npz", **scores | {name: np.full_like(scores[name], value)})
        with pytest.raises(ValueError, match=r"spans\.npz has scores that are no numbers"):
            OnnxTagger(folder)
    for name in scores:
        np.savez(folder / "spans.npz", **scores | {name: scores[name][:, :-1]})
        with pytest.raises(ValueError, match=r"spans\.npz has scores of shapes .*Export it anew"):
            OnnxTagger(folder)
    np.savez(folder / "spans.npz", **scores)
    shutil.copy(export("plain")[2] / "model.onnx", folder)
    with pytest.raises(ValueError, match=r"model\.onnx gives emissions, .*queries, keys, begin, end are due"):
        OnnxTagger(folder)


def test_a_network_that_gives_no_numbers_for_characters_is_told(export):
    tagger = OnnxTagger(export("spans")[2])
    inputs = pad_sentences(list(make_span_tokenizer().encode_records(SENTENCES)), 0)
    run = tagger._session.run
    tagger._session = mock.Mock(run=lambda *arguments: [array * np.nan for array in run(*arguments)])
    with pytest.raises(ValueError, match="no finite numbers"):
        tagger.tag(inputs)


def test_a_tokenizer_with_lists_that_the_network_lacks_is_told(export):
    tagger = OnnxTagger(export("spans")[2])
    tokenizer = make_span_tokenizer(span_lists=["anatomy", "disease", "drug", "another"], terms={"Drug": ["患者"]})
    with pytest.raises(ValueError, match=r"a source 6, but the network has scores for 6: span_lists"):
        tagger.tag(pad_sentences(list(tokenizer.encode_records(SENTENCES)), 0))


def test_a_folder_of_something_else_is_no_export(export, tmp_path):
    folder = shutil.copytree(export("spans")[2], tmp_path / "copy")
    (folder / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    with pytest.raises(ValueError, match="none of DicMT's"):
        OnnxTagger(folder)
