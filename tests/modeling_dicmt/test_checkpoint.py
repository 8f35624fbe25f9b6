"""A saved folder in a process that lacks this package: the remote code must do all by itself."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_network import (
    SENTENCES,
    make_config,
    make_encoder_settings,
    make_language_model_settings,
    make_model,
    make_span_model,
    make_tokenizer,
    rounded,
)

import modeling_dicmt
from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.normalization import normalize
from modeling_dicmt.pretraining_dicmt import DicMTForPreTraining
from modeling_dicmt.recognition import EntityRecognizer
from modeling_dicmt.recognition_settings import RecognitionSettings
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer
from modeling_dicmt.torch_tagger import TorchTagger, predict_entities

REPOSITORY = Path(__file__).parents[2]

# Everything is imported and run as a user of a downloaded checkpoint would, after the project's names are blocked.
STRANGER = """
import importlib.util, json, sys, warnings

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("modeling_dicmt", "data_scripts", "tiny_network", "conftest", "run_ner"):
            raise ModuleNotFoundError(f"blocked: {name}")

sys.meta_path.insert(0, Blocker())
warnings.simplefilter("error")

import numpy, torch
from transformers import (
    AutoConfig, AutoModel, AutoModelForTokenClassification, AutoProcessor, AutoTokenizer, pipeline,
)

folders, out, sentences = json.loads(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
torch.set_num_threads(1)

def run(folder):
    config = AutoConfig.from_pretrained(folder, trust_remote_code=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=True)
    batch = tokenizer(sentences, padding=True, return_tensors="pt")
    processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
    other = processor(sentences, padding=True, return_tensors="pt")
    assert all(torch.equal(batch[name], other[name]) for name in batch)
    results = {name: value.numpy() for name, value in batch.items()}
    for auto in (AutoModel, AutoModelForTokenClassification):
        model = auto.from_pretrained(folder, trust_remote_code=True)
        assert type(model).__name__ == "DicMTForTokenClassification" and not model.training
        with torch.inference_mode():
            output = model(**batch)
        results |= {f"{auto.__name__}.{name}": value.numpy() for name, value in output.items()}
    return config, tokenizer, model, results

answers = {}
for name, folder in folders.items():
    config, tokenizer, model, first = run(folder)
    answer = {"id2label": config.id2label, "encoder": type(config.encoder_config).__name__}
    stock = pipeline("token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="simple")
    by_name = pipeline("ner", model=folder, trust_remote_code=True, aggregation_strategy="simple")
    assert type(stock).__name__ == type(by_name).__name__ == "TokenClassificationPipeline"
    answer["stock"] = [stock(sentences), stock(sentences, batch_size=3), by_name(sentences)]
    own = [
        pipeline("token-classification", model=folder, trust_remote_code=True),
        pipeline(model=folder, trust_remote_code=True),
    ]
    own[0].save_pretrained(f"{out}/{name}-pipeline")
    own.append(pipeline(model=f"{out}/{name}-pipeline", trust_remote_code=True))
    assert {type(one).__name__ for one in own} == {"DicMTPipeline"}
    answer["own"] = [one(sentences) for one in own]
    answer["record"] = [one("\\n".join(sentences), dictionary={"drug": ["黄花"]}, evidence=True) for one in own]
    answer["terms"] = [one("\\n".join(sentences), **json.loads(sys.argv[4])) for one in own]

    # As an inference endpoint does it.
    sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location("handler.EndpointHandler", f"{folder}/handler.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["handler.EndpointHandler"] = module
    spec.loader.exec_module(module)
    sys.path.remove(folder)
    answer["endpoint"] = module.EndpointHandler(folder)({"inputs": sentences})
    answers[name] = answer

    second = f"{out}/{name}"
    model.save_pretrained(second)
    tokenizer.save_pretrained(second)
    numpy.savez(f"{second}-first.npz", **first)
    numpy.savez(f"{second}-again.npz", **run(second)[-1])

assert not [name for name in sys.modules if name.split(".")[0] in ("modeling_dicmt", "data_scripts")]
print("ANSWERS" + json.dumps(answers, default=float))
"""


# Settings of a call; one of the networks has vetted terms of its own besides.
OWN_TERMS = {"Drug": ["规律服用", "痛"]}
GIVEN_TERMS = {"terms": {"anatomy": ["见阴影"]}, "not_terms": ["痛"], "force": True, "evidence": True}


@pytest.fixture(scope="module")
def networks(tmp_path_factory, checkpoint):
    """Folder, network and tokenizer of each checkpoint that the stranger gets."""
    folder = tmp_path_factory.mktemp("saved")
    with_encoder = (
        make_model(**make_encoder_settings(vetted_terms=True)),
        make_tokenizer(vetted_terms=True, terms=OWN_TERMS),
    )
    for part in with_encoder:
        part.save_pretrained(folder / "encoder")
    plain = DicMTForTokenClassification.from_pretrained(checkpoint), DicMTTokenizer.from_pretrained(checkpoint)
    shutil.copytree(checkpoint, folder / "plain")  # elsewhere, so that nothing can lie where it was written
    pretrained = make_model(**make_language_model_settings()), make_tokenizer()
    for part in pretrained:
        part.save_pretrained(folder / "language_model")
    return {
        "plain": (folder / "plain", *plain),
        "encoder": (folder / "encoder", *with_encoder),
        "language_model": (folder / "language_model", *pretrained),
    }


@pytest.fixture(scope="module")
def stranger(networks, tmp_path_factory):
    """What `STRANGER` answers, and the folder where it left the tensors."""
    folder = tmp_path_factory.mktemp("stranger")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "HF_"))}
    environment |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"}
    environment["HF_MODULES_CACHE"] = str(folder / "modules")
    folders = {name: str(path) for name, (path, *_) in networks.items()}
    finished = subprocess.run(
        [
            *(sys.executable, "-I", "-c", STRANGER),
            *(json.dumps(folders), str(folder), json.dumps(SENTENCES), json.dumps(GIVEN_TERMS)),
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.split("ANSWERS")[1]), folder


@pytest.mark.parametrize("name", ["plain", "encoder", "language_model"])
@pytest.mark.parametrize("time", ["first", "again"])
def test_a_process_without_the_package_gives_bit_equal_outputs(name, time, networks, stranger):
    _, model, tokenizer = networks[name]
    batch = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    with torch.inference_mode():
        output = model(**batch)
    expected = {key: value.numpy() for key, value in batch.items()}
    for auto in ("AutoModel", "AutoModelForTokenClassification"):
        expected |= {f"{auto}.{key}": value.numpy() for key, value in output.items()}
    assert expected["AutoModel.emissions"].std() > 1

    answers, folder = stranger
    found = np.load(folder / f"{name}-{time}.npz")
    assert set(found) == set(expected)
    for key, value in expected.items():
        assert np.array_equal(found[key], value), key
    assert answers[name]["id2label"] == {str(key): label for key, label in model.config.id2label.items()}
    assert answers[name]["encoder"] == ("BertConfig" if name == "encoder" else "NoneType")


@pytest.mark.parametrize("name", ["plain", "encoder", "language_model"])
def test_pipelines_there_give_the_entities_of_predict_entities(name, networks, stranger):
    _, model, tokenizer = networks[name]
    expected = [
        [(entity["start"], entity["end"], entity["type"]) for entity in found]
        for found in predict_entities(model, tokenizer, SENTENCES)
    ]
    assert sum(map(len, expected)) > 10
    answer = stranger[0][name]
    assert len(answer["stock"]) == len(answer["own"]) == 3
    for spans in (*answer["stock"], *answer["own"], answer["endpoint"]):
        assert [[(span["start"], span["end"], span["entity_group"]) for span in found] for found in spans] == expected
    here = rounded(EntityRecognizer(TorchTagger(model), tokenizer).stream(SENTENCES))
    assert [rounded(found) for found in answer["own"]] == [here] * 3 and rounded(answer["endpoint"]) == here
    words = [["".join(span["word"] for span in found) for found in answer["stock"][0]]]
    assert words == [["".join(normalize(span["word"]) for span in found) for found in here]]


@pytest.mark.parametrize("name", ["plain", "encoder", "language_model"])
def test_pipelines_there_take_whole_records_and_other_terms(name, networks, stranger):
    _, model, tokenizer = networks[name]
    settings = RecognitionSettings(dictionary={"drug": ["黄花"]}, evidence=True)
    here = rounded(EntityRecognizer(TorchTagger(model), tokenizer).stream(["\n".join(SENTENCES)], settings))
    assert rounded(stranger[0][name]["record"]) == here * 3


@pytest.mark.parametrize("name", ["plain", "encoder", "language_model"])
def test_pipelines_there_take_vetted_terms_and_have_the_saved_ones(name, networks, stranger):
    folder, model, tokenizer = networks[name]
    assert (folder / "terms.tsv").exists() == (name == "encoder") == (len(tokenizer.terms) > 0)
    settings = RecognitionSettings(**GIVEN_TERMS)
    here = rounded(EntityRecognizer(TorchTagger(model), tokenizer).stream(["\n".join(SENTENCES)], settings))
    assert rounded(stranger[0][name]["terms"]) == here * 3
    forced = [entity["word"] for entity in here[0] if entity["forced"]]
    assert forced == ["见阴影", "规律服用"][: 1 + (name == "encoder")]
    assert all(any(item["vetted"] for item in entity["evidence"]) for entity in here[0] if entity["forced"])


def test_the_folder_holds_all_it_needs(checkpoint):
    names = {path.name for path in checkpoint.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "dictionary.tsv", "radicals.tsv"} <= names
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    assert config["architectures"] == ["DicMTForTokenClassification"]
    assert {"pipeline_dicmt.py", "handler.py"} <= names
    assert list(config["custom_pipelines"]) == ["token-classification"], "with two, no task could be inferred"
    for reference in config["auto_map"].values():
        module = next(part for part in ([reference] if isinstance(reference, str) else reference) if part).split(".")[0]
        assert f"{module}.py" in names
    assert not any(path.is_dir() for path in checkpoint.iterdir())


def test_the_flat_files_are_those_that_travel(checkpoint, tmp_path):
    """DESIGN: each flat file lies in some head's checkpoint, none of a folder does."""
    package = Path(modeling_dicmt.__file__).parent
    flat = {path.name for path in package.glob("*.py")} - {"__init__.py"}
    DicMTForPreTraining(make_config(ngram_sizes=[])).save_pretrained(tmp_path / "pretraining")
    make_span_model().save_pretrained(tmp_path / "spans")
    folders = (checkpoint, tmp_path / "pretraining", tmp_path / "spans")
    of_heads = [{path.name for path in folder.glob("*.py")} for folder in folders]
    assert set.union(*of_heads) == flat
    assert "pretraining_dicmt.py" not in of_heads[0], "a recogniser's users need none of it"
    assert "span_head.py" not in of_heads[0]


@pytest.mark.parametrize(
    "first",
    [
        "import modeling_dicmt",
        "from transformers import AutoModel\nimport modeling_dicmt",
        "from modeling_dicmt import DicMTModel",
        "from modeling_dicmt import ClinicalDictionary, LinearChainCRF",
        # Imported for a module of ours, transformers' Auto classes are there before ours is.
        "from modeling_dicmt.recognition import EntityRecognizer",
        "from modeling_dicmt.modeling_dicmt import DicMTModel",
        "import modeling_dicmt.tokenization_dicmt",
    ],
)
def test_with_the_package_installed_a_checkpoint_loads_without_remote_code(checkpoint, tmp_path, first):
    code = f"""
import sys
{first}
from transformers import AutoConfig, AutoModel, AutoModelForTokenClassification, AutoTokenizer, pipeline
kinds = AutoConfig, AutoModel, AutoModelForTokenClassification, AutoTokenizer
found = [kind.from_pretrained(sys.argv[1]) for kind in kinds]
assert [type(item).__module__ for item in found] == ["modeling_dicmt." + name for name in
    ("configuration_dicmt", "modeling_dicmt", "modeling_dicmt", "tokenization_dicmt")], found
from modeling_dicmt import DicMTPipeline  # only now: a name of the package registers the classes, too
recognise = pipeline("token-classification", model=sys.argv[1], pipeline_class=DicMTPipeline)
assert isinstance(recognise("患者左肺见阴影。"), list)
assert not [name for name in sys.modules if name.startswith("transformers_modules")]
"""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "HF_MODULES_CACHE": str(tmp_path)}
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(checkpoint)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stderr


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, modeling_dicmt; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    finished = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert not {"torch", "transformers", "numpy", "datasets"} & set(finished.stdout.split()), finished.stderr
    code = "import modeling_dicmt\nfor name in modeling_dicmt.__all__: getattr(modeling_dicmt, name)"
    finished = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr


def test_a_missing_torchcrf_does_not_break_transformers_beside_the_package(tmp_path):
    code = "import sys\nsys.modules['torchcrf'] = None\nimport modeling_dicmt\nfrom transformers import AutoModel"
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    finished = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr


def test_without_torchcrf_the_distribution_to_install_is_named(checkpoint, tmp_path):
    code = (
        "import sys\nsys.modules['torchcrf'] = None\nfrom transformers import AutoModel\n"
        "AutoModel.from_pretrained(sys.argv[1], trust_remote_code=True)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"HF_HUB_OFFLINE": "1", "HF_MODULES_CACHE": str(tmp_path)}
    command = [sys.executable, "-I", "-c", code, str(checkpoint)]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert finished.returncode == 1
    assert finished.stderr.strip().endswith("Install it with: pip install pytorch-crf")


@pytest.mark.parametrize(("file", "message"), [("tokenizer.json", "line"), ("radicals.tsv", "131 of 214 radicals")])
def test_a_file_that_is_cut_is_no_tokenizer(file, message, checkpoint, tmp_path):
    folder = shutil.copytree(checkpoint, tmp_path / "copy")
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(ValueError, match=message):
        DicMTTokenizer.from_pretrained(folder)


def test_a_checkpoint_that_lost_its_dictionary_says_so(checkpoint, tmp_path, caplog):
    folder = shutil.copytree(checkpoint, tmp_path / "copy")
    assert DicMTTokenizer.from_pretrained(folder)("肺炎")["dictionary_features"].any()
    assert not caplog.records
    (folder / "dictionary.tsv").unlink()
    assert not DicMTTokenizer.from_pretrained(folder)("肺炎")["dictionary_features"].any()
    assert "no dictionary.tsv" in caplog.text


def test_a_dictionary_that_was_cut_at_a_lines_end_is_noticed(checkpoint, tmp_path, caplog):
    folder = shutil.copytree(checkpoint, tmp_path / "copy")
    lines = (folder / "dictionary.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "dictionary.tsv").write_text("".join(lines[:4]), encoding="utf-8")
    tokenizer = DicMTTokenizer.from_pretrained(folder)
    assert f"holds 4 terms, but held {len(lines)} when it was saved" in caplog.text
    caplog.clear()
    tokenizer.save_pretrained(folder)  # whoever edited it has it so from now on
    DicMTTokenizer.from_pretrained(folder)
    assert not caplog.records


def test_loaded_in_this_process_it_is_the_same(checkpoint, tmp_path):
    model, tokenizer = (
        DicMTForTokenClassification.from_pretrained(checkpoint),
        DicMTTokenizer.from_pretrained(checkpoint),
    )
    tokenizer.save_pretrained(tmp_path)
    model.save_pretrained(tmp_path)
    for path in checkpoint.iterdir():
        if path.suffix in (".tsv", ".safetensors", ".json"):
            assert (tmp_path / path.name).read_bytes() == path.read_bytes()
