"""A pipeline with the component, saved: what is kept, that it works elsewhere, what is refused."""

import importlib.metadata
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from safetensors.numpy import load, save
from tiny_network import RECORDS, SENTENCES, make_span_model, make_span_tokenizer, rounded
from transformers import AutoModelForTokenClassification

pytest.importorskip("spacy.language")  # not "spacy", which is this folder's name, too

import spacy
from spacy.tokens import DocBin

from modeling_dicmt.spacy import DicMTComponent

ROOT = Path(__file__).parents[2]


def pipeline(folder, **config):
    nlp = spacy.blank("zh")
    nlp.add_pipe("dicmt", config={"model": str(folder), **config})
    return nlp


def answers(nlp):
    return rounded([nlp(text)._.dicmt for text in RECORDS])


@pytest.fixture
def saved(channel_checkpoint, tmp_path):
    """A saved pipeline whose network's own folder is gone, and its answers."""
    shutil.copytree(channel_checkpoint, tmp_path / "network")
    nlp = pipeline(tmp_path / "network", threshold=0.3, terms={"Drug": ["规律服用"]}, force=True)
    nlp.get_pipe("dicmt").tokenizer.terms = {"Disease": ["规律"]}
    expected = answers(nlp)
    nlp.to_disk(tmp_path / "pipeline")
    shutil.rmtree(tmp_path / "network")
    return tmp_path / "pipeline", expected


ELSEWHERE = """
import json, sys
import spacy
nlp = spacy.load(sys.argv[1])
assert "modeling_dicmt.modeling_dicmt" in sys.modules
print(json.dumps([nlp(text)._.dicmt for text in json.load(sys.stdin)]))
"""


def test_it_works_elsewhere_without_the_folder_that_it_came_from(saved, tmp_path):
    folder, expected = saved
    moved = tmp_path / "elsewhere" / "pipeline"
    shutil.copytree(folder, moved)
    shutil.rmtree(folder)
    # As an installation has it: nothing of the package is imported by hand.
    with mock.patch("setuptools.setup") as setup:
        runpy.run_path(str(ROOT / "setup.py"))
    (factory,) = setup.call_args.kwargs["entry_points"]["spacy_factories"]
    metadata = tmp_path / "installed" / "dicmt-0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: dicmt\nVersion: 0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(f"[spacy_factories]\n{factory}\n", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(metadata.parent), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(moved)],
        cwd=tmp_path,
        env=environment,
        input=json.dumps(RECORDS),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert rounded(json.loads(done.stdout)) == expected
    assert any(entity["word"] == "规律服用" and entity["forced"] for entity in expected[0])


def test_the_entry_points_target_is_the_factory():
    with mock.patch("setuptools.setup") as setup:
        runpy.run_path(str(ROOT / "setup.py"))
    (line,) = setup.call_args.kwargs["entry_points"]["spacy_factories"]
    name, _, target = line.partition(" = ")
    point = importlib.metadata.EntryPoint(name, target, "spacy_factories")
    assert spacy.registry.factories.get("dicmt") is point.load() and name == "dicmt"


def test_what_is_saved_is_a_checkpoint_and_no_path(channel_checkpoint, tmp_path):
    nlp = spacy.blank("zh")
    nlp.add_pipe("dicmt").from_disk(channel_checkpoint)
    nlp.to_disk(tmp_path / "pipeline")
    assert str(channel_checkpoint) not in (tmp_path / "pipeline" / "config.cfg").read_text(encoding="utf-8")
    network = AutoModelForTokenClassification.from_pretrained(tmp_path / "pipeline" / "dicmt")
    assert network.config.entity_types == ["Disease", "Anatomy", "Drug"]
    assert not [path for path in (tmp_path / "pipeline").iterdir() if path.name.startswith(".")]


def test_saving_again_leaves_nothing_of_the_last_time(saved):
    folder, _ = saved
    nlp = spacy.load(folder)
    assert (folder / "dicmt" / "terms.tsv").exists()
    nlp.get_pipe("dicmt").tokenizer.terms = {}
    (folder / "dicmt" / "older.py").write_bytes(b"of another version")
    nlp.to_disk(folder)
    assert not (folder / "dicmt" / "terms.tsv").exists()
    assert not (folder / "dicmt" / "older.py").exists()
    assert not len(spacy.load(folder).get_pipe("dicmt").tokenizer.terms)


def test_settings_may_be_changed_when_it_is_loaded(saved):
    folder, expected = saved
    again = spacy.load(folder, config={"components": {"dicmt": {"threshold": 0.9}}})
    assert answers(again) == [[e for e in found if e["score"] >= 0.9 or e["forced"]] for found in expected]


@pytest.mark.parametrize("nested", [False, True])
def test_bytes(checkpoint, tmp_path, nested):
    folder = checkpoint
    if nested:
        folder = tmp_path / "network"
        make_span_model().save_pretrained(folder)
        make_span_tokenizer().save_pretrained(folder)
    nlp = pipeline(folder)
    expected, content = answers(nlp), nlp.to_bytes()
    again = spacy.blank("zh")
    again.add_pipe("dicmt")
    again.from_bytes(content)
    assert answers(again) == expected
    assert again.get_pipe("dicmt").to_bytes() == nlp.get_pipe("dicmt").to_bytes()


def test_annotated_documents_are_kept(checkpoint):
    nlp = pipeline(checkpoint)
    docs = list(nlp.pipe(RECORDS))
    content = DocBin(docs=docs, store_user_data=True).to_bytes()
    for doc, again in zip(docs, DocBin().from_bytes(content).get_docs(spacy.blank("zh").vocab), strict=True):
        assert list(again._.dicmt) == doc._.dicmt
        assert [(e.start_char, e.end_char, e.label_, e._.dicmt) for e in again.ents] == [
            (e.start_char, e.end_char, e.label_, e._.dicmt) for e in doc.ents
        ]
        assert np.array_equal(again.spans["dicmt"].attrs["scores"], doc.spans["dicmt"].attrs["scores"])


def test_what_is_no_component_is_not_replaced(checkpoint, tmp_path):
    component = DicMTComponent(model=checkpoint)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "predictions_test.jsonl").write_text("{}", encoding="utf-8")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "drug.tsv").write_text("阿莫西林", encoding="utf-8")
    shutil.copytree(checkpoint, tmp_path / "network")
    (tmp_path / "network" / "checkpoints").mkdir()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for name in ("mine", "lists", "network", "file"):
        with pytest.raises(FileExistsError, match=f"{name} holds something else than a saved component"):
            component.to_disk(tmp_path / name)
    assert (tmp_path / "mine" / "predictions_test.jsonl").exists() and (tmp_path / "lists" / "drug.tsv").exists()
    (tmp_path / "empty").mkdir()
    component.to_disk(tmp_path / "empty")
    assert (tmp_path / "empty" / "config.json").exists()


def test_a_pipeline_without_its_network_loads_no_other(saved, tmp_path, monkeypatch):
    folder, _ = saved
    shutil.rmtree(folder / "dicmt")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"There is no folder .*dicmt with the component 'dicmt'"):
        spacy.load("pipeline")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_damaged_network_is_refused(saved, name):
    folder, _ = saved
    path = folder / "dicmt" / name
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=re.escape(f"{folder / 'dicmt'} is no whole DicMT checkpoint")):
        spacy.load(folder)


def test_code_in_a_folder_is_not_run(saved):
    folder, _ = saved
    for path in (folder / "dicmt").glob("*.py"):
        path.write_text("raise SystemExit('run')", encoding="utf-8")
    assert spacy.load(folder)(SENTENCES[0])._.dicmt


@pytest.mark.parametrize("name", ["../config.json", "/tmp/config.json", ".config.json", "a/config.json", "model.bin"])
def test_bytes_name_no_files_elsewhere(checkpoint, name):
    component = DicMTComponent(model=checkpoint)
    files = load(component.to_bytes())
    files[name] = files.pop("config.json")
    with pytest.raises(ValueError, match="hold files that are none of a checkpoint"):
        DicMTComponent().from_bytes(save(files))


@pytest.mark.parametrize("content", [b"", b"\x80\x04}", b"x" * 100, b"\xff" * 16])
def test_bytes_that_are_something_else(content):
    with pytest.raises(ValueError, match="These bytes are no component"):
        DicMTComponent().from_bytes(content)


def test_bytes_that_are_cut(checkpoint):
    content = DicMTComponent(model=checkpoint).to_bytes()
    with pytest.raises(ValueError, match="These bytes are no component"):
        DicMTComponent().from_bytes(content[:-1])
    files = load(content)
    del files["model.safetensors"]
    with pytest.raises(ValueError, match="no whole DicMT checkpoint"):
        DicMTComponent().from_bytes(save(files))
