"""What the documentation says of committed results follows from these."""

import json
import re
import statistics
from pathlib import Path

import pytest

from experiments.recording import FINISHED
from experiments.specification import FOLDER

RESULTS = FOLDER / "results" / "unlabelled"
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


def test_no_result_holds_a_path():
    for path in RESULTS.rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/(tmp|work|home|root|Users)\b", text), path
