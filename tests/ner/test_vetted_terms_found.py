"""Terms that a user adds are found by the quick start's network without training: README's example, and new ones."""

import re
import shlex
from pathlib import Path

import pytest
from ner_command import REPOSITORY, run_here
from transformers import pipeline

from data_scripts.sample import SAMPLE_DICTIONARY, SAMPLE_FOLDER
from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.normalization import normalize

# A list's name, a term of it, the entity type that it is, and a sentence.
ADDED = [
    ("drug", "替雷利珠单抗", "Treatment", "予替雷利珠单抗治疗。"),
    ("drug", "注射用盐酸美罗培南", "Treatment", "入院后给予注射用盐酸美罗培南抗感染治疗，体温降至正常。"),
    ("operation", "经导管主动脉瓣置换术", "Treatment", "患者于2020年在外院行经导管主动脉瓣置换术，术后恢复良好。"),
    ("operation", "达芬奇机器人前列腺癌根治术", "Treatment", "5天前在我院行达芬奇机器人前列腺癌根治术。"),
    ("exam", "六分钟步行试验", "Exam", "患者出院前完成六分钟步行试验，距离420米。"),
    ("exam", "血清淀粉样蛋白A", "Exam", "复查血清淀粉样蛋白A：25mg/L，较前下降。"),
]


@pytest.fixture(scope="module")
def recognise(tmp_path_factory):
    """The pipeline of what `make quickstart` trains: what it has left, or what the Makefile's command does."""
    folder = REPOSITORY / "outputs" / "quickstart"
    if not is_of_this_code(folder):
        folder = train_quickstart(tmp_path_factory.mktemp("quickstart"))
    return pipeline("token-classification", model=str(folder), trust_remote_code=True, device="cpu")


def is_of_this_code(folder: Path) -> bool:
    """Whether a finished training is younger than all that it follows from."""
    results = folder / "all_results.json"
    sources = [REPOSITORY / "run_ner.py", REPOSITORY / "Makefile"]
    for name in ("modeling_dicmt", "data_scripts"):
        sources += (path for path in (REPOSITORY / name).rglob("*.*") if path.suffix != ".pyc")
    return results.exists() and results.stat().st_mtime > max(path.stat().st_mtime for path in sources)


def train_quickstart(folder: Path) -> Path:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (command,) = re.findall(r"run_ner\.py (.*) --output_dir \$\(QUICKSTART\)", makefile)
    outcome = run_here([*shlex.split(command.replace("$(SAMPLE)", str(SAMPLE_FOLDER))), "--output_dir", str(folder)])
    assert outcome.status == 0, outcome.errors
    return folder


def is_found(entities: list[dict], term: str, kind: str, sentence: str) -> bool:
    """Whether the term is among a sentence's entities, with its offsets and type."""
    start = sentence.index(term)
    return (start, start + len(term), kind) in {(e["start"], e["end"], e["entity_group"]) for e in entities}


def test_neither_the_samples_lists_nor_its_texts_have_the_terms():
    lists = ClinicalDictionary.from_path(SAMPLE_DICTIONARY)
    texts = normalize("".join(path.read_text(encoding="utf-8") for path in SAMPLE_FOLDER.glob("*.jsonl")))
    assert texts and len(lists)
    for _, term, _, _ in ADDED:
        assert normalize(term) not in texts and not any(normalize(term) in known for known in lists)


@pytest.mark.slow(seconds=60)
def test_terms_that_are_added_are_found_and_all_of_them_if_they_are_forced(recognise):
    """Of a corpus's, one in twenty is found only if it is forced (README); of these six, one may be such."""
    found, forced = (
        [is_found(recognise(sentence, terms={name: [term]}, force=force), term, kind, sentence)
         for name, term, kind, sentence in ADDED]
        for force in (False, True)
    )  # fmt: skip
    assert found[0] and sum(found) >= len(found) - 1
    assert all(forced)


@pytest.mark.slow(seconds=60)
def test_without_them_most_are_not_found(recognise):
    found = [is_found(recognise(sentence), term, kind, sentence) for _, term, kind, sentence in ADDED]
    assert sum(found) <= len(found) // 2


@pytest.mark.slow(seconds=60)
def test_all_at_once_are_found_each_in_its_sentence(recognise):
    """Also where they are a hospital's whole list, and the sentences one record."""
    terms: dict[str, list[str]] = {}
    for name, term, _, _ in ADDED:
        terms.setdefault(name, []).append(term)
    record = "".join(sentence for *_, sentence in ADDED)
    entities = recognise(record, terms=terms)
    found = [is_found(entities, term, kind, record) for _, term, kind, _ in ADDED]
    assert sum(found) >= len(found) - 1
