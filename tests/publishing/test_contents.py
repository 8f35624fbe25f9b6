"""What may leave the machine: files are taken in by name."""

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path
from unittest import mock

import pytest
from huggingface_hub.constants import HF_HUB_OFFLINE
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load
from tiny_network import RECORDS, make_encoder_settings, make_language_model_settings, make_model, make_tokenizer
from transformers import AutoConfig

from modeling_dicmt.modeling_dicmt import DicMTForTokenClassification
from modeling_dicmt.publishing import __main__ as command
from modeling_dicmt.publishing.contents import (
    OWN_FILES,
    card_of,
    collect_files,
    dictionary_choice,
    has_terms,
    listing,
)
from modeling_dicmt.tokenization_dicmt import DicMTTokenizer

RESULTS = {
    "eval_f1": 0.5,
    "eval_note": "患者",
    "extra": {"Drug": {"f1": 0.25, "word": "患者"}},
    "bins": [1, "患者"],
}


@pytest.fixture
def folder(checkpoint, tmp_path):
    """A copy of a checkpoint, with the results of a training."""
    folder = shutil.copytree(checkpoint, tmp_path / "model")
    (folder / "all_results.json").write_text(json.dumps(RESULTS), encoding="utf-8")
    return folder


MARKER = "患者张三"


def paths(uploads):
    return {item.path for item in uploads}


def content(uploads, path):
    (item,) = [item for item in uploads if item.path == path]
    return item.source if isinstance(item.source, bytes) else item.source.read_bytes()


def test_the_dictionary_goes_only_on_a_word(folder):
    included = collect_files(folder, "included")
    assert paths(included) - paths(collect_files(folder, "withheld")) == {"dictionary.tsv"}
    assert content(included, "dictionary.tsv") == (folder / "dictionary.tsv").read_bytes()
    assert "is withheld" in content(collect_files(folder, "withheld"), "README.md").decode()
    assert "is withheld" not in content(included, "README.md").decode()
    # Nor a digest, which guesses could be tried on; the rest of the settings stays.
    settings, shorter = (
        json.loads(content(collect_files(folder, choice), "tokenizer_config.json"))
        for choice in ("included", "withheld")
    )
    assert settings.pop("dictionary_fingerprint") == hashlib.sha256(content(included, "dictionary.tsv")).hexdigest()
    assert shorter == settings


VETTED = "奥希替尼"


def test_a_recogniser_on_a_pre_trained_network_is_uploaded_whole_and_needs_no_other_file(folder, tmp_path):
    model, tokenizer = make_model(**make_language_model_settings()), make_tokenizer()
    for part in (model, tokenizer):
        part.save_pretrained(tmp_path / "pretrained")
    uploads = collect_files(tmp_path / "pretrained", "included")
    assert paths(uploads) == paths(collect_files(folder, "included")) - {"all_results.json"}
    weights = load(content(uploads, "model.safetensors"))
    assert weights.keys() == model.state_dict().keys() and any("language_model" in name for name in weights)


def put_vetted_terms(folder):
    tokenizer = DicMTTokenizer.from_pretrained(folder)
    tokenizer.terms = {"Drug": [VETTED, "替雷利珠单抗"]}
    tokenizer.save_pretrained(folder)


def test_vetted_terms_go_only_on_a_word_and_leave_no_trace(folder):
    without = collect_files(folder, "withheld")
    put_vetted_terms(folder)
    included, withheld = collect_files(folder, "included"), collect_files(folder, "withheld")
    assert paths(included) - paths(withheld) == {"dictionary.tsv", "terms.tsv"}
    assert VETTED in content(included, "terms.tsv").decode()
    assert "`terms.tsv` holds 2 vetted terms" in content(included, "README.md").decode()
    assert paths(withheld) == paths(without)
    for item in withheld:
        if item.path == "tokenizer_config.json":
            assert json.loads(content(withheld, item.path)) == json.loads(content(without, item.path))
        else:
            assert content(withheld, item.path) == content(without, item.path), item.path


def test_vetted_terms_of_a_network_without_a_dictionary(tmp_path):
    make_model(ngram_sizes=[]).save_pretrained(tmp_path)
    make_tokenizer(ngram_sizes=[], dictionary=None).save_pretrained(tmp_path)
    assert not has_terms(tmp_path)
    assert "dictionary.tsv" not in paths(collect_files(tmp_path, "none"))
    put_vetted_terms(tmp_path)
    assert has_terms(tmp_path)
    included, withheld = collect_files(tmp_path, "included"), collect_files(tmp_path, "withheld")
    assert paths(included) - paths(withheld) == {"terms.tsv"} and "dictionary.tsv" not in paths(included)
    for uploads in (included, withheld):
        card = content(uploads, "README.md").decode()
        assert "trained without a dictionary" in card and "is withheld" not in card
    (tmp_path / "README.md").write_text("# Mine\n", encoding="utf-8")
    assert content(collect_files(tmp_path, "withheld"), "README.md") == b"# Mine\n"


def test_a_trainings_card_was_taken_for_a_changed_one_once_there_were_vetted_terms(folder):
    (folder / "README.md").write_text(card_of(folder), encoding="utf-8")
    put_vetted_terms(folder)
    for choice, said in (("included", True), ("withheld", False)):
        card = content(collect_files(folder, choice, "owner/name"), "README.md").decode()
        assert 'model="owner/name"' in card and ("`terms.tsv`" in card) == said


@pytest.mark.parametrize(
    ("flags", "has", "expected"),
    [
        ((True, False), True, "included"),
        ((False, True), True, "withheld"),
        ((False, False), False, "none"),
        ((False, True), False, "none"),
    ],
)
def test_the_choice(flags, has, expected):
    assert dictionary_choice(*flags, has) == expected


@pytest.mark.parametrize(("flags", "message"), [((False, False), "Are the dictionary"), ((True, True), "exclude")])
def test_no_choice_and_two_choices(flags, message):
    with pytest.raises(ValueError, match=message):
        dictionary_choice(*flags, True)


_NAMES = st.text(st.sampled_from("abcdefghmodelrunjsonltxt_.-0123456789测"), min_size=1, max_size=20).filter(
    lambda name: name.strip(".") and not name.endswith(".py")
)


@given(st.lists(_NAMES | st.sampled_from(["model.bin", "model-x.safetensors", "run.json", "training_args.bin"])))
def test_a_file_that_is_not_known_stays(names):
    folder = _checkpoint_of_the_module()
    before = paths(collect_files(folder, "included"))
    added = [folder / name for name in set(names) if not (folder / name).exists()]
    try:
        for path in added:
            path.write_text("{}", encoding="utf-8")
        assert paths(collect_files(folder, "included")) == before
    finally:
        for path in added:
            path.unlink()


_FOLDER = []


def _checkpoint_of_the_module() -> Path:
    return _FOLDER[0]


@pytest.fixture(autouse=True, scope="module")
def a_folder_for_properties(checkpoint, tmp_path_factory):
    _FOLDER.append(shutil.copytree(checkpoint, tmp_path_factory.mktemp("files") / "model"))
    yield
    _FOLDER.clear()


def change(path, **settings):
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | settings), encoding="utf-8")


def test_the_folder_of_an_encoder_was_published(tmp_path):
    """Neither saved nor uploaded: no byte of any file names a folder of this machine."""
    make_encoder_settings()["encoder_config"].save_pretrained(tmp_path / "bert")
    encoder_config = AutoConfig.from_pretrained(tmp_path / "bert")
    saved = tmp_path / "first"
    make_model(**make_encoder_settings(encoder_config=encoder_config)).save_pretrained(saved)
    make_tokenizer().save_pretrained(saved)
    again = tmp_path / "second"
    DicMTForTokenClassification.from_pretrained(saved).save_pretrained(again)
    DicMTTokenizer.from_pretrained(saved).save_pretrained(again)
    for folder in (saved, again):
        assert DicMTForTokenClassification.from_pretrained(folder).config.encoder_config.model_type == "bert"
        for path in folder.iterdir():
            assert str(tmp_path).encode() not in path.read_bytes(), path.name
        for item in collect_files(folder, "included"):
            assert str(tmp_path).encode() not in content([item], item.path), item.path


def test_the_folder_of_an_encoder_that_was_saved_before_is_not_uploaded(folder, tmp_path):
    place = str(tmp_path / "bert")
    change(folder / "config.json", encoder_config={"_name_or_path": place, "model_type": "bert", "list": [1, place]})
    change(folder / "config.json", _name_or_path=place, notes="~/bert", more={"path": "C:\\bert", "kept": "a/b"})
    change(folder / "tokenizer_config.json", name_or_path=place, special_tokens_map_file=place + "/x")
    run = {"settings": {"encoder_name_or_path": place}, "public_settings": []}
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    uploads = collect_files(folder, "included")
    for item in uploads:
        assert str(tmp_path).encode() not in content(uploads, item.path), item.path
    config = json.loads(content(uploads, "config.json"))
    assert config["encoder_config"] == {"model_type": "bert", "list": [1]} and config["more"] == {"kept": "a/b"}
    assert "notes" not in config and config["entity_types"]


def planted(folder, name):
    """A configuration that names code, in each of the places where it can."""
    auto_map, pipelines = ({"AutoModel": name}, {}), ({}, {"token-classification": {"impl": name}})
    for mapping, custom in (auto_map, ({"AutoTokenizer": [None, name]}, {}), pipelines):
        change(folder / "config.json", auto_map=mapping, custom_pipelines=custom)
        yield


@pytest.mark.parametrize(
    "place", ["{outside}", "../outside/secret", "./secret", "sub/secret", "sub.secret", "", "secret*"]
)
def test_a_hostile_configuration_named_code_outside_the_folder(place, folder, tmp_path):
    for path in (tmp_path / "outside" / "secret.py", folder / "sub" / "secret.py"):
        path.parent.mkdir()
        path.write_text("PATIENT = '张三'", encoding="utf-8")
    for _ in planted(folder, place.format(outside=tmp_path / "outside" / "secret") + ".Class"):
        with pytest.raises(ValueError, match="none of its files"):
            collect_files(folder, "included")


@pytest.mark.parametrize("place", [5, ["x", 5], [[]], {"a": {"b": 1}}])
def test_a_configuration_that_names_no_code(place, folder):
    for _ in planted(folder, place):
        with pytest.raises(ValueError, match=r"auto_map or custom_pipelines names no code|none of its files"):
            collect_files(folder, "included")
    for name in ("auto_map", "custom_pipelines"):
        change(folder / "config.json", auto_map={}, custom_pipelines={})
        change(folder / "config.json", **{name: place})
        with pytest.raises(ValueError, match=r"auto_map or custom_pipelines names no code|none of its files"):
            collect_files(folder, "included")


@pytest.mark.parametrize("module", ["/etc/x", "./../outside/secret", "sub.secret"])
def test_code_that_imports_from_outside_the_folder_was_followed(module, folder):
    with open(folder / "handler.py", "a", encoding="utf-8") as file:
        file.write(f"\nfrom .{module} import x\n")
    with pytest.raises(ValueError, match="none of its files"):
        collect_files(folder, "included")


@pytest.mark.parametrize(
    "name",
    [
        *("config.json", "tokenizer.json", "tokenizer_config.json", "radicals.tsv", "dictionary.tsv", "README.md"),
        "terms.tsv",
        *("model.safetensors", "handler.py", "crf.py", "all_results.json", "run.json", "model.safetensors.index.json"),
        "model-00001-of-00002.safetensors",
    ],
)
def test_a_link_was_followed_out_of_the_folder(name, folder, tmp_path):
    secret = tmp_path / name
    secret.write_bytes((folder / name).read_bytes() if (folder / name).exists() else b"{}")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)
    with pytest.raises(ValueError, match=f"{re.escape(name)} is a link"):
        collect_files(folder, "included")


def test_a_link_within_the_folder_would_publish_predictions(folder):
    (folder / "predictions_test.jsonl").write_text(RECORDS[0], encoding="utf-8")
    (folder / "model-00001-of-00002.safetensors").symlink_to("predictions_test.jsonl")
    with pytest.raises(ValueError, match="is a link"):
        collect_files(folder, "included")


def test_the_folder_itself_may_be_a_link(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert paths(collect_files(tmp_path / "link", "included")) == paths(collect_files(folder, "included"))


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ({}, "The vocabulary may hold characters that only the withheld terms have"),
        (
            {"characters_of_terms_alone": 1234},
            "The vocabulary holds 1,234 character(s) that only the withheld terms have",
        ),
        ({"characters_of_terms_alone": 0}, None),
    ],
)
def test_a_withheld_dictionary_left_its_characters_without_a_word(run, said, folder):
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    for own_card in (False, True):
        if own_card:
            (folder / "README.md").write_text("# Mine\n", encoding="utf-8")
        uploads = collect_files(folder, "withheld")
        for text in (listing(uploads), content(uploads, "README.md").decode()):
            assert (said in text) if said else ("The vocabulary" not in text)
        for text in (listing(collect_files(folder, "included")), card_of(folder)):
            assert "withheld terms" not in text


def test_code_that_nothing_imports_stays(folder):
    (folder / "scratch.py").write_text("PATIENT = '张三'\n", encoding="utf-8")
    assert "scratch.py" not in paths(collect_files(folder, "included"))
    assert {path.name for path in folder.glob("*.py")} - paths(collect_files(folder, "included")) == {"scratch.py"}


def test_results_are_numbers_only(folder):
    found = json.loads(content(collect_files(folder, "included"), "all_results.json"))
    assert found == {"eval_f1": 0.5, "extra": {"Drug": {"f1": 0.25}}, "bins": [1]}


def test_results_for_a_corpus_on_the_hub(folder):
    assert ".eval_results/dicmt.yaml" not in paths(collect_files(folder, "included"))
    import yaml
    from huggingface_hub import parse_eval_result_entries

    text = content(collect_files(folder, "included", dataset_id="owner/records"), ".eval_results/dicmt.yaml")
    (entry,) = parse_eval_result_entries(yaml.safe_load(text))
    assert (entry.dataset_id, entry.task_id, entry.value) == ("owner/records", "ner_validation", 0.5)


def test_weights_in_shards_go_too(folder):
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    (folder / "model.safetensors.index.json").write_text("{}", encoding="utf-8")
    expected = {"model-00001-of-00001.safetensors", "model.safetensors.index.json"}
    assert {
        path for path in paths(collect_files(folder, "included")) if path.startswith("model.") or "-of-" in path
    } == expected


def test_a_card_that_somebody_changed_goes_as_it_is(folder):
    (folder / "README.md").write_text(card_of(folder), encoding="utf-8")
    assert 'model="owner/name"' in content(collect_files(folder, "included", "owner/name"), "README.md").decode()
    own = card_of(folder).replace("## Limits", "## Known weaknesses")
    (folder / "README.md").write_text(own, encoding="utf-8")
    assert content(collect_files(folder, "included", "owner/name"), "README.md").decode() == own
    withheld = content(collect_files(folder, "withheld", "owner/name"), "README.md").decode()
    assert withheld.startswith(own) and "is withheld" in withheld


@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "model.safetensors", "radicals.tsv", "dictionary.tsv", "handler.py"]
)
def test_a_folder_that_lacks_something(folder, name):
    (folder / name).unlink()
    with pytest.raises(ValueError, match=name):
        collect_files(folder, "included")


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(ValueError, match=r"is no checkpoint: there is no config.json"):
        has_terms(tmp_path)
    (tmp_path / "config.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ValueError, match="expected a JSON object"):
        has_terms(tmp_path)
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"config\.json: not valid JSON"):
        has_terms(tmp_path)


def test_the_listing_counts_bytes(folder):
    uploads = collect_files(folder, "included")
    lines = listing(uploads).splitlines()
    assert len(lines) == len(uploads) + 1
    assert f"{(folder / 'model.safetensors').stat().st_size:,}" in next(line for line in lines if "model.safet" in line)
    assert lines[-1].endswith(f"{sum(len(content(uploads, item.path)) for item in uploads):,}")


def test_what_an_upload_puts_there_a_later_one_may_take_away(folder):
    own = {path for path in paths(collect_files(folder, "included", dataset_id="a/b")) if OWN_FILES.fullmatch(path)}
    assert own == {"dictionary.tsv", "model.safetensors", ".eval_results/dicmt.yaml"}
    assert OWN_FILES.fullmatch("terms.tsv")
    for name in (".gitattributes", "LICENSE", "app.py", "figure.png", "onnx/model.onnx", "data/train.parquet"):
        assert not OWN_FILES.fullmatch(name)


def run_command(*arguments):
    with mock.patch.object(sys, "argv", ["publishing", *map(str, arguments)]):
        command.main()


def test_a_dry_run_lists_and_asks_nobody(folder, capsys):
    assert HF_HUB_OFFLINE
    run_command("--model_dir", folder, "--withhold_dictionary", "--dry_run")
    shown = capsys.readouterr().out
    assert shown == listing(collect_files(folder, "withheld")) + "\n" and "dictionary.tsv" not in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dry_run"], "Are the dictionary and the vetted terms to be published"),
        (["--withhold_dictionary"], "HF_HUB_OFFLINE is set"),
    ],
)
def test_the_command_says_what_is_missing(folder, capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        run_command("--model_dir", folder, *arguments)
    errors = capsys.readouterr().err
    assert stop.value.code == 1 and message in errors and errors.startswith("error: ")


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("run.json", {"settings": 5}),
        ("run.json", {"dictionary": {"types": 3}}),
        ("run.json", {"train_records": 1}),
        ("run.json", {"characters_of_terms_alone": [MARKER]}),
        ("run.json", {"dictionary": [MARKER]}),
        ("run.json", {"versions": MARKER}),
        ("all_results.json", {"eval_f1": 10**400}),
        ("all_results.json", {"eval_f1": {MARKER: 1}}),
        ("all_results.json", {"eval_by_type": {MARKER: {}}}),
    ],
)
def test_results_of_other_types_ended_an_upload_with_a_traceback(name, damage, folder):
    (folder / name).write_text(json.dumps(damage), encoding="utf-8")
    try:
        collect_files(folder, "withheld", dataset_id="owner/corpus")
    except ValueError as error:
        assert MARKER not in str(error) and str(folder) in str(error)
