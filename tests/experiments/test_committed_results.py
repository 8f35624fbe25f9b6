"""What the documentation says of committed results follows from these."""

import json
import re
import statistics
from pathlib import Path

import pytest

from experiments.recording import FINISHED
from experiments.specification import FOLDER

RESULTS = FOLDER / "results" / "unlabelled"
NESTED = FOLDER / "results" / "nested"
CORPORA = ("ccks2017", "ccks2018", "yidu_s4k")
OF_DOCS = (
    "weights_1_9",
    "pretrained_embeddings",
    "pretrained_weights_1_9",
    "self_trained",
    "pretrained_self_trained",
    "pretrained_self_trained_states",
)
OF_RESULTS = (
    "dicmt_vetted",
    "weights_1_9",
    "pretrained_embeddings",
    "pretrained",
    "pretrained_weights_1_9",
    "self_trained",
    "pretrained_self_trained",
    "pretrained_self_trained_states",
)


def as_told(corpus: str, system: str) -> str:
    """Mean, sample standard deviation and number of a system's seeds, as the documentation has them."""
    runs = [json.loads(path.read_text("utf-8")) for path in (RESULTS / corpus).glob(f"{system}-seed*.json")]
    scores = [100 * run["parts"]["test"]["scores"]["f1"] for run in runs if run["status"] == FINISHED]
    assert len(scores) == len(runs)
    if not scores:
        return "–"
    spread = f" ± {statistics.stdev(scores):.2f}" if len(scores) > 1 else ""
    return f"{statistics.mean(scores):.2f}{spread} ({len(scores)})"


def rows_of(path: Path) -> list[list[str]]:
    """The cells of the rows of the table of the three corpora."""
    header, rows = path.read_text(encoding="utf-8").split("| CCKS2017 | CCKS2018 | Yidu-S4K |", 1)[1].split("\n", 1)
    assert header.count("|") <= 1
    table = rows.split("\n\n", 1)[0].splitlines()[1:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in table]


@pytest.mark.parametrize(
    ("path", "systems"),
    [
        (FOLDER.parent / "docs" / "pretraining.md", OF_DOCS),
        (FOLDER.parent / "docs" / "zh" / "pretraining.md", OF_DOCS),
        (RESULTS / "README.md", OF_RESULTS),
    ],
    ids=lambda value: value.parent.name + value.stem if isinstance(value, Path) else "",
)
def test_the_table_of_what_records_without_labels_give_is_that_of_the_runs(path, systems):
    told = [cells[1:4] for cells in rows_of(path)]
    assert told == [[as_told(corpus, system) for corpus in CORPORA] for system in systems]


def in_per_cent(values: list[float]) -> str:
    """Mean and sample standard deviation, as the documentation has them."""
    percent = [100 * value for value in values]
    return f"{statistics.mean(percent):.2f}" + (f" ± {statistics.stdev(percent):.2f}" if len(percent) > 1 else "")


def scores_of(corpus: str, system: str) -> list[dict]:
    """The scores on the held-out part of each of a system's seeds."""
    runs = [json.loads(path.read_text("utf-8")) for path in sorted((NESTED / corpus).glob(f"{system}-seed*.json"))]
    assert runs and all(run["status"] == FINISHED for run in runs)
    return [run["parts"]["test"]["scores"] for run in runs]


def table_below(path: Path, header: str) -> dict[str, list[str]]:
    """The cells of the rows of the table with a header, by the first."""
    rows = path.read_text(encoding="utf-8").split(header, 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]
    return {first: others for first, *others in cells}


NAMES = {
    "a CRF, for the outermost entities": "flat",
    "a CRF for each type": "typed_crfs",
    "scored spans": "spans",
    "a CRF, for the outermost entities, without the dictionary": "flat_no_dictionary",
    "a CRF for each type, without the dictionary": "typed_crfs_no_dictionary",
    "scored spans, without the dictionary": "spans_no_dictionary",
    "a CRF, for the outermost entities, without radicals": "flat_no_radicals",
    "a CRF for each type, without radicals": "typed_crfs_no_radicals",
    "scored spans, without radicals": "spans_no_radicals",
    "a CRF, for the outermost entities, without NES": "flat_ner_only",
    "a CRF for each type, without NES": "typed_crfs_ner_only",
    "scored spans, without NES": "spans_ner_only",
    "a CRF, for the outermost entities, on a pre-trained network": "flat_pretrained",
    "a CRF for each type, on a pre-trained network": "typed_crfs_pretrained",
    "scored spans, on a pre-trained network": "spans_pretrained",
}


@pytest.mark.parametrize("path", [FOLDER.parent / "docs" / "nested.md", NESTED / "README.md"], ids=lambda p: p.stem)
def test_the_table_of_heads_for_nested_entities_is_that_of_the_runs(path):
    header = "| head | seeds | precision | recall | F1 | recall of outer entities | recall of inner ones |"
    told = table_below(path, header)
    run = {path.name.partition("-seed")[0] for path in (NESTED / "cmeee").glob("*-seed*.json")}
    heads = {"flat", "typed_crfs", "spans"}
    assert {NAMES[name] for name in told} == (
        run if path.stem == "README" else heads | {f"{head}_pretrained" for head in heads}
    )
    for name, cells in told.items():
        runs = scores_of("cmeee", NAMES[name])
        expected = [in_per_cent([scores[figure] for scores in runs]) for figure in ("precision", "recall", "f1")]
        expected += [
            in_per_cent([scores["by_nesting"][place]["recall"] for scores in runs]) for place in ("outer", "inner")
        ]
        assert cells == [str(len(runs)), *expected]


def test_the_table_of_heads_for_flat_entities_is_that_of_the_runs():
    path = FOLDER.parent / "docs" / "nested.md"
    rows = table_below(path, "| head | precision | recall | F1 | recall of mentions that training lacks |")
    for name, system in (("tags with a CRF", "tags"), ("scored spans", "spans")):
        runs = scores_of("ccks2017", system)
        expected = [in_per_cent([scores[figure] for scores in runs]) for figure in ("precision", "recall", "f1")]
        expected.append(in_per_cent([scores["recall_by_training_count"]["0"]["recall"] for scores in runs]))
        given = [scores["known_terms"] for scores in scores_of("ccks2017", f"known_{system}")]
        for share in (0, 1):
            expected.append(
                in_per_cent(
                    [
                        point["found"]
                        for terms in given
                        for point in terms["points"]
                        if (point["share"], point["beside"], point["way"]) == (share, "nothing", "added")
                    ]
                )
            )
        assert rows[name] == expected
        assert {(terms["vetted_terms"], terms["occurrences"]) for terms in given} == {(338, 453)}


def test_no_result_holds_a_path():
    for path in (FOLDER / "results").rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/(tmp|work|home|root|Users)\b", text), path
