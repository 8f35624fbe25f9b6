"""Train and push, load by name without the package, use, save, push again: over a Hub on this machine."""

import json
import os
import subprocess
import sys

import datasets
import ner_command
import pytest
from hub_server import HubServer
from warm_process import run_warm

from modeling_dicmt import DicMTForTokenClassification, DicMTTokenizer
from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.torch_tagger import TorchTagger

# Occurs in records, and in names of files; must never leave.
MARKER = "机密标记"
TERMS = {"disease": ["急性阑尾炎", "肺空洞，肺空洞"], "anatomy": ["右下腹部"]}
RECORD = f"患者{MARKER}右下腹部疼痛3天，考虑急性阑尾炎。"

STRANGER = """
import json, sys, warnings

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("modeling_dicmt", "data_scripts"):
            raise ModuleNotFoundError(f"blocked: {name}")

sys.meta_path.insert(0, Blocker())
import torch
from transformers import AutoModel, AutoTokenizer, pipeline

torch.set_num_threads(1)
name, folder, texts = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
network = AutoModel.from_pretrained(name, trust_remote_code=True)
tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=True)
assert len(tokenizer.dictionary) == 3
first = pipeline(model=name, trust_remote_code=True)
answers = [first(texts)]
first.save_pretrained(folder)
answers.append(pipeline(model=folder, trust_remote_code=True)(texts))
first.push_to_hub("tester/again", private=True)
answers.append(pipeline(model="tester/again", trust_remote_code=True)(texts))
network.push_to_hub("tester/parts", private=True)
tokenizer.push_to_hub("tester/parts")
answers.append(pipeline(model="tester/parts", trust_remote_code=True)(texts))
print("ANSWERS" + json.dumps(answers))
"""


@pytest.fixture(scope="module")
def hub():
    with HubServer() as server:
        yield server


@pytest.fixture(scope="module")
def environment(hub, tmp_path_factory):
    return hub.environment(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def trained(hub, environment, tmp_path_factory):
    """The folder of a training that pushed what it may, next to all that it may not."""
    folder = tmp_path_factory.mktemp("run")
    entity = [(RECORD.index(word), word, kind) for word, kind in (("右下腹部", "Anatomy"), ("急性阑尾炎", "Disease"))]
    entities = [{"start": start, "end": start + len(word), "type": kind} for start, word, kind in entity]
    for part, count in (("train", 12), ("validation", 3), ("test", 3)):
        lines = [json.dumps({"id": f"{part}{i}", "text": RECORD, "entities": entities}) for i in range(count)]
        (folder / f"{part}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    for name, terms in TERMS.items():
        (folder / "terms").mkdir(exist_ok=True)
        (folder / "terms" / f"{name}.tsv").write_text("\n".join(terms), encoding="utf-8")
    out = folder / "own model"
    (out / "notes").mkdir(parents=True)
    for path in (out / "notes" / "a.txt", out / f"{MARKER}.json", out / "log.txt"):
        path.write_text(RECORD, encoding="utf-8")
    settings = {
        "dataset_name": "jsonl",
        "data_dir": folder,
        "dictionary": folder / "terms",
        "report_to": "tensorboard",
        "push_to_hub": True,
        "hub_dataset_id": "tester/records",
        "withhold_dictionary": True,
    }
    outcome = ner_command.run(ner_command.command_line(out, **settings), environment=environment)
    assert outcome.status == 0, outcome.errors
    assert "Uploaded: http" in outcome.errors
    return out


def push(folder, environment, *arguments):
    result = run_warm(command_of(folder, *arguments), ner_command.REPOSITORY, os.environ | environment, timeout=120)
    return result.returncode, result.stdout, result.stderr


def command_of(folder, *arguments):
    return ["-m", "modeling_dicmt.publishing", "--model_dir", str(folder), *arguments]


@pytest.mark.slow
class TestAfterTraining:
    NAME = "tester/own-model"

    def test_just_the_checkpoint_has_left(self, hub, trained):
        files = hub.files(self.NAME)
        code = {path for path in files if path.endswith(".py")}
        assert {"modeling_dicmt.py", "pipeline_dicmt.py", "handler.py", "crf.py"} <= code
        assert set(files) - code == {
            ".gitattributes",
            ".eval_results/dicmt.yaml",
            "README.md",
            "all_results.json",
            "config.json",
            "model.safetensors",
            "radicals.tsv",
            "tokenizer.json",
            "tokenizer_config.json",
        }
        assert hub.repositories[f"models/{self.NAME}"].private
        assert files["model.safetensors"] == (trained / "model.safetensors").read_bytes()

    def test_no_text_of_a_record_and_no_place_of_the_machine_has_left(self, hub, trained):
        holding = [path for path in trained.rglob("*") if path.is_file() and MARKER.encode() in path.read_bytes()]
        assert {"report_test.md", "log.txt"} <= {path.name for path in holding}
        secrets = [MARKER, RECORD[-6:], *TERMS["disease"], *TERMS["anatomy"], str(trained.parent)]
        secrets += [json.dumps(secret)[1:-1] for secret in secrets]
        sent = [
            content for one in hub.repositories.values() for files in one.commits.values() for content in files.values()
        ]
        sent += [*hub.blobs.values(), "\n".join(path for _, path in hub.requests).encode()]
        assert len(sent) > 20
        for content in sent:
            assert not [secret for secret in secrets if secret.encode() in content]

    def test_characters_that_only_the_withheld_terms_have_were_in_the_vocabulary(self, hub, trained):
        vocabulary = json.loads(hub.files(self.NAME)["tokenizer.json"])["model"]["vocab"]
        assert set("急性阑尾炎") < set(vocabulary) and not set("肺空洞") & set(vocabulary)
        assert "The vocabulary" not in hub.files(self.NAME)["README.md"].decode()

    def test_the_card_says_what_was_kept_and_how_it_did(self, hub, trained):
        card = hub.files(self.NAME)["README.md"].decode()
        assert "(3 terms) is withheld" in card and f'model="{self.NAME}"' in card
        results = ner_command.results_in(trained)
        assert f"| test | {100 * results['test_precision']:.2f} |" in card
        assert b"id: tester/records" in hub.files(self.NAME)[".eval_results/dicmt.yaml"]

    def test_the_hub_takes_the_card(self, hub, trained, environment):
        code = "import sys\nfrom huggingface_hub import ModelCard\nModelCard.load(sys.argv[1]).validate()"
        subprocess.run([sys.executable, "-c", code, self.NAME], env=os.environ | environment, check=True, timeout=60)
        assert ("POST", "/api/validate-yaml") in hub.requests


@pytest.mark.slow
def test_a_stranger_loads_by_name_uses_saves_and_pushes_again(hub, trained, environment, tmp_path):
    status, output, errors = push(trained, environment, "--hub_model_id", "tester/with-terms", "--publish_dictionary")
    assert status == 0, errors
    assert "dictionary.tsv" in output + errors
    texts = [RECORD, RECORD + "\n" + RECORD, ""]
    result = subprocess.run(
        [sys.executable, "-I", "-c", STRANGER, "tester/with-terms", str(tmp_path / "saved"), json.dumps(texts)],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    answers = json.loads(result.stdout.split("ANSWERS")[1])
    recognizer = EntityRecognizer(
        TorchTagger(DicMTForTokenClassification.from_pretrained(trained)), DicMTTokenizer.from_pretrained(trained)
    )
    expected = list(recognizer.stream(texts))
    assert answers == [expected] * 4
    for name in ("again", "parts"):
        files = hub.files(f"tester/{name}")
        original = hub.files("tester/with-terms")
        for path in original:
            if path.endswith((".py", ".tsv", ".safetensors")):
                assert files[path] == original[path], path


@pytest.mark.slow
def test_what_is_withheld_now_is_taken_away(hub, trained, environment):
    name = "tester/changed"
    assert push(trained, environment, "--hub_model_id", name, "--publish_dictionary")[0] == 0
    repository = hub.repositories[f"models/{name}"]
    others = {"app.py": b"", "figure.png": b"x", "model-00001-of-00002.safetensors": b""}
    repository.commit(repository.commits[repository.head] | others | {"terms.tsv": "奥希替尼\tDrug\n".encode()})
    assert "dictionary.tsv" in hub.files(name) and "included" not in hub.files(name)["README.md"].decode()
    status, _, errors = push(trained, environment, "--hub_model_id", name, "--withhold_dictionary")
    assert status == 0 and "former commits still hold it" in errors
    files = hub.files(name)
    assert {"dictionary.tsv", "terms.tsv", *others} & set(files) == {"app.py", "figure.png"}
    assert "is withheld" in files["README.md"].decode()


@pytest.mark.slow
def test_nothing_goes_to_a_public_repository_unless_that_is_said(hub, trained, environment):
    name = "tester/public"
    public = ("--hub_model_id", name, "--withhold_dictionary", "--hub_private_repo", "False")
    assert push(trained, environment, *public)[0] == 0
    assert not hub.repositories[f"models/{name}"].private
    head = hub.repositories[f"models/{name}"].head
    status, _, errors = push(trained, environment, *public[:3])
    assert status == 1 and "is public" in errors and hub.repositories[f"models/{name}"].head == head
    assert push(trained, environment, *public)[0] == 0


@pytest.mark.slow
def test_who_may_not_upload_is_told_before_anything_happens(hub, trained, environment):
    before = len(hub.repositories)
    for changes, message in (
        ({"HF_TOKEN": ""}, "hf auth login"),
        ({"HF_TOKEN": "hf_wrong"}, "hf auth login"),
        ({"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set"),
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "does not let you in"),
    ):
        done = subprocess.run(  # it ends before it imports what a warm process has
            [sys.executable, *command_of(trained, "--withhold_dictionary")],
            cwd=ner_command.REPOSITORY,
            env=os.environ | environment | changes,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr, done.stderr
    status, _, errors = push(trained, environment, "--withhold_dictionary", "--hub_model_id", "no/such/name")
    assert status == 1 and "cannot name a repository" in errors
    assert len(hub.repositories) == before


@pytest.mark.slow
def test_a_corpus_goes_only_on_request_and_comes_back_the_same(hub, environment, tmp_path):
    command = "push --dataset_name sample --deidentified before --hub_dataset_id sample"
    command = ["-m", "data_scripts", *command.split()]
    result = run_warm(command, ner_command.REPOSITORY, os.environ | environment, timeout=120)
    assert result.returncode == 0, result.stderr
    assert "tester/sample" in result.stdout
    assert hub.repositories["datasets/tester/sample"].private
    assert "states that nothing in it" in hub.files("tester/sample", "datasets")["README.md"].decode()
    code = "import sys, datasets\ndatasets.load_dataset('tester/sample').save_to_disk(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "back")],
        env=os.environ | environment,
        check=True,
        capture_output=True,
        timeout=120,
    )
    from data_scripts import load_corpus

    corpus = load_corpus("sample", cache_dir=tmp_path / "cache")
    back = datasets.load_from_disk(str(tmp_path / "back"))
    assert {split: part[:] for split, part in back.items()} == {split: part[:] for split, part in corpus.items()}
