"""A saved folder of a network that scores spans, in a process that lacks this package, and in one that has it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_network import RECORDS, SENTENCES, make_span_model, make_span_tokenizer, rounded

from modeling_dicmt.prediction import pad_sentences
from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.torch_tagger import TorchTagger

REPOSITORY = Path(__file__).parents[2]

STRANGER = """
import importlib.util, json, sys, warnings

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("modeling_dicmt", "data_scripts", "tiny_network", "conftest", "run_ner"):
            raise ModuleNotFoundError(f"blocked: {name}")

sys.meta_path.insert(0, Blocker())
warnings.simplefilter("error")
import torch
from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification, AutoTokenizer, pipeline

torch.set_num_threads(1)
folder, second, texts, settings = sys.argv[1], sys.argv[2], *map(json.loads, sys.argv[3:])
answers = []
for path in (folder, second):
    tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=True)
    for auto in (AutoModel, AutoModelForTokenClassification):
        model = auto.from_pretrained(path, trust_remote_code=True)
        assert type(model).__name__ == "DicMTForNestedEntities" and not model.training
        assert type(model.config).__name__ == "DicMTNestedConfig"
    with torch.inference_mode():
        output = model(**tokenizer(texts[-4:], padding=True, padding_side="left", return_tensors="pt"))
    scores = output.span_scores[output.span_scores > -torch.inf].tolist()
    for arguments in ({}, {"task": "token-classification"}):
        recognise = pipeline(model=path, trust_remote_code=True, **arguments)
        assert type(recognise).__name__ == "DicMTPipeline"
        answers.append([recognise(texts), recognise(texts, **settings)])
    model.save_pretrained(second)
    tokenizer.save_pretrained(second)
sys.path.insert(0, folder)
spec = importlib.util.spec_from_file_location("handler.EndpointHandler", f"{folder}/handler.py")
module = importlib.util.module_from_spec(spec)
sys.modules["handler.EndpointHandler"] = module
spec.loader.exec_module(module)
handler = module.EndpointHandler(folder)
answers.append([handler({"inputs": texts}), handler({"inputs": texts, "parameters": settings})])
assert not [name for name in sys.modules if name.split(".")[0] in ("modeling_dicmt", "data_scripts")]
print("ANSWERS" + json.dumps([answers, scores], default=float))
"""

TERMS = {"terms": {"anatomy": ["见阴影"]}, "not_terms": ["痛"], "force": True, "evidence": True}
INSTALLED = """
import sys
import modeling_dicmt
from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification, AutoTokenizer
kinds = (AutoConfig, AutoModel, AutoModelForTokenClassification, AutoTokenizer)
found = [kind.from_pretrained(sys.argv[1]) for kind in kinds]
names = ("configuration_dicmt_nested", "modeling_dicmt_nested", "modeling_dicmt_nested", "tokenization_dicmt")
assert [type(item).__module__ for item in found] == ["modeling_dicmt." + name for name in names], found
assert not [name for name in sys.modules if name.startswith("transformers_modules")]
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Folder, network and tokenizer."""
    folder = tmp_path_factory.mktemp("spans") / "saved"
    model, tokenizer = make_span_model(vetted_terms=True, span_overlap="nested"), make_span_tokenizer(vetted_terms=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder, model, tokenizer


def run(code: str, *arguments: str, cwd: Path, **variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HF_"))}
    environment |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(cwd / "home"), "HF_MODULES_CACHE": str(cwd / "modules")}
    environment |= {"OMP_NUM_THREADS": "1"} | variables
    isolated = () if variables else ("-I",)
    command = [sys.executable, "-W", "error", *isolated, "-c", code, *arguments]
    finished = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_a_process_without_the_package_gives_the_same_entities(saved, tmp_path):
    folder, model, tokenizer = saved
    texts = [*RECORDS, *SENTENCES]
    arguments = (str(folder), str(tmp_path / "second"), json.dumps(texts), json.dumps(TERMS))
    answers, scores = json.loads(run(STRANGER, *arguments, cwd=tmp_path).split("ANSWERS")[1])
    recognise = EntityRecognizer(TorchTagger(model), tokenizer)
    expected = [rounded(recognise(texts)), rounded(recognise(texts, TERMS))]
    assert sum(map(len, expected[0])) > 10 and expected[0] != expected[1]
    assert len(answers) == 5
    for answer in answers:
        assert [rounded(found) for found in answer] == expected
    # What a plain call of tokenizer and network says is what is behind them.
    tagged = TorchTagger(model).tag(pad_sentences(list(tokenizer.encode_records(SENTENCES)), 0)).span_scores
    assert scores == pytest.approx(tagged[tagged > -np.inf].tolist(), abs=1e-4)


def test_with_the_package_installed_it_loads_without_remote_code(saved, tmp_path):
    run(INSTALLED, str(saved[0]), cwd=tmp_path, PYTHONPATH=str(REPOSITORY))
