"""`run_mlm.py` and identifiers: what reaches the packed text, when it is read anew, and what is told of it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from mlm_command import pretrain_here, start
from ner_command import files_in, results_in

import run_mlm
from data_scripts.unlabelled import preparation
from data_scripts.unlabelled.arguments import UnlabelledArguments
from data_scripts.unlabelled.packed import PackedCorpus
from modeling_dicmt.deidentification import documents
from modeling_dicmt.deidentification.arguments import DocumentDeidentificationArguments
from run_mlm import prepare_text

NAMES, PHONE, NUMBER, DATE = ("王建国", "欧阳丽华"), "13812345678", "ZY0012345", "2013年5月1日"
IDENTIFIERS = (*NAMES, PHONE, NUMBER, DATE)
OWN_NAME = "云淡风轻"
RECORDS = (
    f"姓名：{NAMES[0]}，住院号：{NUMBER}，于{DATE}入院。主诉：反复咳嗽咳痰三天。",
    f"患者{NAMES[1]}，联系电话：{PHONE}。今晨{OWN_NAME}查房，腹痛缓解。",
)


@pytest.fixture
def text(tmp_path) -> Path:
    path = tmp_path / "text" / "a.txt"
    path.parent.mkdir()
    plain = [f"{number}年前因反复咳嗽咳痰三天入院，腹痛缓解。" for number in range(60)]
    path.write_text("\n".join([*RECORDS, *plain]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def passes(monkeypatch) -> list[int]:
    """Counts how often the text is read."""
    calls: list[int] = []
    original = preparation.pack_documents
    monkeypatch.setattr(preparation, "pack_documents", lambda *args, **kw: (calls.append(1), original(*args, **kw)))
    return calls


def read(text: Path, folder: Path, **settings) -> str:
    """The packed text, decoded."""
    prepare_text(UnlabelledArguments([str(text)]), DocumentDeidentificationArguments(**settings), folder, 250)
    corpus = PackedCorpus(folder)
    parts = [part.texts(np.arange(len(part))) for part in (corpus.train, corpus.held_out)]
    return "\n".join(sentence for part in parts for sentence in part)


def bytes_in(folder: Path) -> dict[str, bytes]:
    """Of the packed sentences; the counts beside them are an archive, which has times in it."""
    return {path.name: path.read_bytes() for path in folder.glob("*.arrow")}


def test_identifiers_do_not_reach_the_packed_text_and_the_rest_does(text, tmp_path):
    packed = read(text, tmp_path / "packed")
    assert not [word for word in IDENTIFIERS if word in packed.upper()]
    for shown in (r"姓名:\w{2,3},住院号:\w{9},于\d{4}年\d+月\d+日入院。", "主诉:反复咳嗽咳痰三天。", r"电话:1\d{10}。"):
        assert re.search(shown, packed), shown


def test_refused_they_do(text, tmp_path, caplog):
    packed = read(text, tmp_path / "packed", deidentify=False)
    assert all(word in packed.upper() for word in IDENTIFIERS)
    assert "learnt from as it is" in caplog.text


def test_policies_and_names_and_rules_of_ones_own(text, tmp_path):
    (tmp_path / "staff.txt").write_text(OWN_NAME + "\n", encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "pain.yaml").write_text("type: ID\nrules: {pain: '腹痛缓解'}\n", encoding="utf-8")
    packed = read(
        text,
        tmp_path / "packed",
        policies=["tag", "PHONE=keep"],
        names=str(tmp_path / "staff.txt"),
        rules=str(tmp_path / "rules"),
    )
    assert f"患者[姓名],联系电话:{PHONE}。" in packed and "今晨[姓名]查房,[证件号]。" in packed


def test_the_same_text_becomes_the_same_bytes_wherever_it_lies(text, tmp_path):
    read(text, tmp_path / "one")
    (tmp_path / "elsewhere").mkdir()
    read(text.rename(tmp_path / "elsewhere" / "a.txt"), tmp_path / "two")
    assert bytes_in(tmp_path / "one") == bytes_in(tmp_path / "two") != {}


def test_in_another_text_the_same_person_has_another_name(text, tmp_path):
    """The key is as secret as the text: another text, even by one line, has another."""
    before = re.search(r"姓名:(.+?),住院号:(.+?),", read(text, tmp_path / "one"))
    with open(text, "a", encoding="utf-8") as file:
        file.write("胸痛一天。\n")
    after = re.search(r"姓名:(.+?),住院号:(.+?),", read(text, tmp_path / "two"))
    assert before.groups() != after.groups()


def test_what_is_as_it_was_is_used_again_and_what_is_not_is_read_anew(text, tmp_path, passes):
    names, rules, folder = tmp_path / "staff.txt", tmp_path / "rules", tmp_path / "packed"
    rules.mkdir()
    rule = rules / "pain.yaml"
    names.write_text("甲乙丙\n", encoding="utf-8")
    rule.write_text("type: ID\nrules: {pain: '腹痛缓解'}\n", encoding="utf-8")
    settings = {"names": str(names), "rules": str(rules), "policies": ["tag", "DATE=surrogate"]}
    first = read(text, folder, **settings)
    found = PackedCorpus(folder).report.transformed
    assert read(text, folder, **settings) == first and passes == [1]
    assert PackedCorpus(folder).report.transformed == found and found["NAME"] >= 2

    rule.write_text("type: ID\nrules: {pain: '腹痛'}\n", encoding="utf-8")
    assert "缓解" in read(text, folder, **settings) and "缓解" not in first and len(passes) == 2
    names.write_text(f"甲乙丙\n{OWN_NAME}\n", encoding="utf-8")
    assert OWN_NAME not in read(text, folder, **settings) and OWN_NAME in first and len(passes) == 3
    read(text, folder, **settings | {"policies": ["tag"]})
    assert len(passes) == 4
    read(text, folder, deidentify=False)
    assert len(passes) == 5
    read(text, folder)
    assert len(passes) == 6


def test_other_code_reads_anew(text, tmp_path, passes, monkeypatch):
    read(text, tmp_path / "packed")
    original = documents._files
    changed = tmp_path / "finding.py"
    changed.write_text("changed\n", encoding="utf-8")
    monkeypatch.setattr(
        documents, "_files", lambda rules: [changed if path.name == changed.name else path for path in original(rules)]
    )
    read(text, tmp_path / "packed")
    assert len(passes) == 2


@pytest.mark.slow
def test_a_run_tells_what_was_found_in_numbers_alone(text, tmp_path):
    (tmp_path / "staff.txt").write_text(OWN_NAME + "\n", encoding="utf-8")
    settings = {"names": tmp_path / "staff.txt", "policies": "tag", "num_train_epochs": 1}
    _, log = start(text, tmp_path / "out", **settings).communicate(timeout=120)
    results = results_in(tmp_path / "out")
    assert results["deidentified"] is True
    assert {"NAME": 3, "PHONE": 1, "RECORD_NUMBER": 1, "DATE": 1}.items() <= results["identifiers_found"].items()
    run = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert run["deidentification"]["policies"]["NAME"] == "tag"
    assert run["deidentification"]["found"] == results["identifiers_found"]
    assert not {"names", "rules"} & set(run["public_settings"]) and "policies" in run["public_settings"]
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "NAME 3 (tag), " in card and "PHONE 1 (tag)" in card and "not found: ID, " in card and "staff" not in card
    assert "Identifiers found in the text: NAME 3, " in log
    for word in (*IDENTIFIERS, OWN_NAME):
        assert word not in log, word
        for name, content in files_in(tmp_path / "out").items():
            assert word.encode() not in content and word.encode("utf-32-le") not in content, (name, word)


def test_a_refusal_is_told(text, tmp_path):
    pretrain_here(text, tmp_path / "out", deidentify=False, num_train_epochs=1)
    assert results_in(tmp_path / "out")["deidentified"] is False
    assert json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["deidentification"] is None
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "its de-identification was refused" in card and "Looked for" not in card


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"policies": "hide"}, "There is no action 'hide'"),
        ({"names": "nowhere.txt"}, "--names: there is no file or folder nowhere.txt"),
        ({"rules": "nowhere"}, "--rules: there is no file or folder nowhere"),
        ({"deidentify": False, "policies": "tag"}, "--deidentify False leaves the text as it is, and --policies"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_read(settings, message, text, tmp_path, monkeypatch):
    monkeypatch.setattr(run_mlm, "prepare_text", lambda *_: pytest.fail("the text was read"))
    with pytest.raises(ValueError, match=message):
        pretrain_here(text, tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()


def test_a_rule_that_finds_something_else_than_its_examples_say_is_refused(text, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "pain.yaml").write_text(
        "type: ID\nrules: {pain: '腹痛'}\nexamples: [〔腹胀〕]\n", encoding="utf-8"
    )
    with pytest.raises(ValueError, match=r"pain\.yaml, example 1"):
        pretrain_here(text, tmp_path / "out", rules=tmp_path / "rules")
