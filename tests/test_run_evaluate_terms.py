"""`run_evaluate.py`, given terms: figures are those of the pipeline's answers with the same terms."""

import json

import pytest
from given_terms import TERMS, TEXTS, command, pipeline_of, write_terms

import run_evaluate
from modeling_dicmt.evaluation.clinical_ner import score_entities
from modeling_dicmt.evaluation.prediction_files import write_predictions
from modeling_dicmt.recognition import with_type

GOLD = [
    {"id": f"r{number}", "text": text, "entities": [{"start": start, "end": start + 2, "type": "Disease"}]}
    for number, text in enumerate(TEXTS)
    if (start := text.find("考虑")) >= 0
]


@pytest.fixture
def evaluated(monkeypatch, channel_checkpoint, tmp_path, capsys):
    """Runs `run_evaluate.py` on `GOLD`; gives scores.json and what is printed."""
    references = tmp_path / "gold.jsonl"
    references.write_text("".join(json.dumps(record) + "\n" for record in GOLD), encoding="utf-8")

    def evaluated(**settings):
        given = {"model_name_or_path": channel_checkpoint, "references": references, "output_dir": tmp_path / "out"}
        command(monkeypatch, run_evaluate, **given | settings)
        return json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8")), capsys.readouterr().out

    return evaluated


def scored(checkpoint, **settings):
    """The figures of the pipeline's answers."""
    texts = [record["text"] for record in GOLD]
    found = [[with_type(item) for item in items] for items in pipeline_of(checkpoint)(texts, **settings)]
    figures = score_entities(found, [record["entities"] for record in GOLD], texts=texts)
    return json.loads(json.dumps(figures))


def figures_of(results, expected):
    return {name: results[name] for name in expected}


@pytest.mark.parametrize("force", [False, True])
def test_figures_are_those_of_the_pipelines_answers(evaluated, channel_checkpoint, tmp_path, force):
    words = ["患者左肺", "见", "左肺"]
    settings = {
        "terms": write_terms(tmp_path / "terms", TERMS),
        "not_terms": write_terms(tmp_path / "stop.txt", {"stop": words}),
        **({"force_terms": True} if force else {}),
    }
    results, printed = evaluated(**settings)
    expected = scored(channel_checkpoint, terms=TERMS, not_terms=words, force=force)
    assert figures_of(results["scores"], expected) == expected
    assert expected != scored(channel_checkpoint, terms=TERMS, force=force) != scored(channel_checkpoint)
    # Whoever reads the figures sees with which terms they came about.
    for option, value in settings.items():
        said = f"--{option}" if value is True else f"--{option} {value}"
        assert said in results["system"] and said in printed


def test_the_same_network_as_baseline_is_scored_without_the_terms(evaluated, channel_checkpoint, tmp_path):
    terms = write_terms(tmp_path / "Disease.txt", {"Disease": ["考虑"]})
    results, _ = evaluated(baseline_model_name_or_path=channel_checkpoint, terms=terms, force_terms=True)
    forced, without = scored(channel_checkpoint, terms={"Disease": ["考虑"]}, force=True), scored(channel_checkpoint)
    assert figures_of(results["scores"], forced) == forced and forced["recall"] == 1
    assert figures_of(results["baseline_scores"], without) == without
    assert results["difference_of_f1"]["difference"] == pytest.approx(forced["f1"] - without["f1"])
    assert results["baseline"] == str(channel_checkpoint)


def test_wrong_terms_are_told_by_the_evaluation_too(evaluated, checkpoint, tmp_path, capsys):
    terms = write_terms(tmp_path / "Drug.txt", {"Drug": ["患者"]})
    other = write_terms(tmp_path / "equipment.txt", {"equipment": ["患者"]})
    found = tmp_path / "found.jsonl"
    write_predictions(found, GOLD, [[] for _ in GOLD])
    for settings, message in (
        ({"terms": tmp_path / "none.txt"}, "--terms: there is no file or folder"),
        ({"terms": other}, "--terms: unknown names (equipment)"),
        ({"force_terms": True}, "--force_terms: there are no vetted terms"),
        ({"terms": terms, "model_name_or_path": checkpoint}, "--terms: this network has no channel"),
    ):
        with pytest.raises(SystemExit):
            evaluated(**settings)
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("option", ["terms", "not_terms", "force_terms"])
def test_terms_are_for_a_network(monkeypatch, tmp_path, capsys, option):
    write_terms(tmp_path / "Drug.txt", {"Drug": ["患者"]})
    value = True if option == "force_terms" else tmp_path / "Drug.txt"
    with pytest.raises(SystemExit):
        command(monkeypatch, run_evaluate, predictions="x.jsonl", references="y.jsonl", **{option: value})
    message = capsys.readouterr().err
    assert f"--{option}" in message and "pass --model_name_or_path" in message


@pytest.mark.parametrize("option", ["terms", "not_terms"])
def test_terms_were_replaced_by_scores(evaluated, tmp_path, capsys, option):
    (tmp_path / "out").mkdir()
    terms = write_terms(tmp_path / "out" / "scores.json", {"Drug": ["患者"]})
    before = terms.read_bytes()
    with pytest.raises(SystemExit):
        evaluated(**{option: terms})
    assert f"the file of --{option}" in capsys.readouterr().err and terms.read_bytes() == before
