"""Specifications → runs: which are the same, which cannot be done here, which were committed."""

import dataclasses
import json
import os
import shutil
from pathlib import Path

import pytest
from made_up_runs import PRESET, SYSTEMS, table_of

from data_scripts.arguments import DataArguments
from data_scripts.records import load_records
from experiments import planning
from experiments.planning import make_plan, restrict
from experiments.specification import (
    FOLDER,
    NETWORK_ARGUMENTS,
    Specification,
    SpecificationError,
    System,
    read_preset,
    read_specifications,
    settings_marked,
)

DATA = Path(os.environ.get("DICMT_DATA_DIR", Path(__file__).parents[3] / "shared" / "data"))


def names_of(plan):
    return [f"{run.system.name}-{run.seed}" for run in plan.runs]


def test_each_distinct_run_is_done_once_however_many_tables_show_it(plan_of):
    plan = plan_of(table_of("full", "bare"), table_of("same", "full", name="other"))
    # `same` has the settings of `full`, under another name.
    assert names_of(plan) == ["full-1", "full-2", "bare-1", "bare-2"]
    assert plan.run_of["same"][1] is plan.run_of["full"][1]
    assert list(plan.run_of["same"]) == [1]


def test_members_are_planned_before_the_vote_and_one_without_chance_once(plan_of):
    plan = plan_of(table_of("ensemble"), seeds=[5, 6])
    assert names_of(plan) == ["full-5", "full-6", "bare-5", "bare-6", "rules-1", "ensemble-5", "ensemble-6"]
    members = plan.run_of["ensemble"][6].members
    assert [f"{run.system.name}-{run.seed}" for run in members] == ["full-6", "bare-6", "rules-1"]


def test_what_is_given_terms_is_trained_once_and_reads_its_member_s_records(plan_of):
    bare = System("known_bare", "x", kind="known_terms", members=("bare",))
    plan = plan_of(table_of("known_full", "full", "known_rules", "known_bare"), systems={"known_bare": bare})
    expected = ["full-1", "full-2", "known_full-1", "known_full-2", "rules-1", "known_rules-1", "bare-1", "bare-2"]
    assert names_of(plan) == [*expected, "known_bare-1", "known_bare-2"]
    run = plan.run_of["known_full"][2]
    assert run.members == (plan.run_of["full"][2],)
    assert run.settings["data_dir"] == plan.run_of["full"][2].settings["data_dir"]
    assert "num_train_epochs" not in run.settings
    assert plan.run_of["known_bare"][1].settings["dictionary"] is None
    changed = dataclasses.replace(PRESET, settings=PRESET.settings | {"lstm_hidden_size": 5})
    other = plan_of(table_of("known_full"), preset=changed)
    assert other.run_of["known_full"][2].identity != run.identity


def identity(plan, system=None):
    return (plan.run_of[system][1] if system else plan.runs[0]).identity


def test_what_a_run_is_does_not_hang_on_where_things_lie(plan_of, data, parts, tmp_path):
    shutil.move(data.dictionary, tmp_path / "elsewhere")
    before_mapping = Path(data.dictionary_mapping)
    moved = dataclasses.replace(data, dictionary=str(tmp_path / "elsewhere"), data_dir="anywhere")
    specification = Specification((table_of("full"),), SYSTEMS)
    plan = make_plan(specification, PRESET, moved, parts)
    shutil.move(tmp_path / "elsewhere", data.dictionary)
    assert identity(plan) == identity(plan_of(table_of("full")))
    assert str(tmp_path) not in str(plan.runs[0].public_settings)
    assert plan.runs[0].settings["dictionary"].endswith("elsewhere") and before_mapping.exists()


def test_what_a_run_is_hangs_on_all_that_its_figures_follow_from(plan_of, data, parts):
    plans = [plan_of(table_of("full"))]
    plans.append(plan_of(table_of("full"), settings={"num_train_epochs": 2}))
    plans.append(plan_of(table_of("full"), preset=dataclasses.replace(PRESET, settings={"lstm_hidden_size": 5})))
    specification = Specification((table_of("full"),), SYSTEMS)
    plans.append(make_plan(specification, PRESET, dataclasses.replace(data, dictionary_share=0.5), parts))
    changed = [parts["train"][0] | {"entities": parts["train"][0]["entities"][:1]}, *parts["train"][1:]]
    plans.append(make_plan(specification, PRESET, data, parts | {"train": changed}))
    (Path(data.dictionary) / "drug.tsv").write_text("头孢\n", encoding="utf-8")
    plans.append(plan_of(table_of("full")))
    identities = [identity(plan) for plan in plans] + [plans[0].run_of["full"][2].identity]
    assert len(set(identities)) == len(identities)


# Settings that changed nothing about the figures when results were first committed.
FREE = {
    "output_dir",
    "cpu_threads",
    "eval_batch_characters",
    "overwrite_output_dir",
    "report_to",
    "logging_steps",
    "quiet",
    "save_steps",
    "push_to_hub",
}


def test_settings_that_change_nothing_do_not_count_and_all_others_do(plan_of):
    assert settings_marked("free") >= FREE
    networks = NETWORK_ARGUMENTS["baseline_network"][1:]
    names = {item.name for of_class in networks for item in dataclasses.fields(of_class)}
    plain = identity(plan_of(table_of("bare")))
    for name in sorted(names):
        preset = dataclasses.replace(PRESET, settings=PRESET.settings | {name: "another"})
        is_same = identity(plan_of(table_of("bare"), preset=preset), "bare") == plain
        assert is_same == (name in settings_marked("free")), name


def test_what_has_no_chance_in_it_is_the_same_run_whatever_the_seeds(plan_of):
    others = dataclasses.replace(PRESET, seeds=(7, 8))
    plans = plan_of(table_of("rules")), plan_of(table_of("rules"), preset=others)
    assert plans[0].run_of["rules"][1].identity == plans[1].run_of["rules"][7].identity


def test_a_system_without_the_dictionary_has_no_mapping_of_its_lists(plan_of):
    """Its lists are not there, so the mapping was refused, and the run failed."""
    assert plan_of(table_of("full")).runs[0].settings["dictionary_mapping"]
    assert plan_of(table_of("bare")).runs[0].settings["dictionary_mapping"] is None


def test_places_in_a_system_s_own_settings_are_not_told_and_count_by_content(plan_of, tmp_path):
    identities = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "drug.tsv").write_text("头孢\n", encoding="utf-8")
        settings = {"model_name_or_path": str(folder), "dictionary": str(folder)}
        plan = plan_of(table_of("own"), systems={"own": System("own", "own", settings=settings)})
        run = plan.runs[0]
        assert run.public_settings["model_name_or_path"] == "MODEL_NAME_OR_PATH"
        assert str(tmp_path) not in str(run.public_settings)
        identities.append(run.identity)
    assert identities[0] == identities[1]


@pytest.mark.parametrize("settings", [{"attention_heads": 2}, {"tag_decoder": "softmax"}])
def test_a_baseline_s_run_is_the_one_that_run_ner_did_when_results_were_first_committed(plan_of, settings):
    """Its layers were settings of run_ner.py then, and `tag_decoder` was called `decoder`."""
    identities = set()
    for kind, names in (("network", {"tag_decoder": "decoder"}), ("baseline_network", {})):
        own = {names.get(name, name): value for name, value in settings.items()}
        plan = plan_of(table_of("own"), systems={"own": System("own", "own", kind=kind, settings=own)})
        identities.add(identity(plan, "own"))
    assert len(identities) == 1


BEFORE = {"vetted_terms": False, "segmentation_loss_weight": 2, "recognition_loss_weight": 3}
NOW = {"vetted_terms": True, "segmentation_loss_weight": 0.5, "recognition_loss_weight": 4.5}


def test_a_network_with_the_defaults_of_when_results_were_first_committed_is_one_of_these(plan_of):
    """None of these settings counted then. What is left out is what run_ner.py does now."""

    def identity_with(settings):
        preset = dataclasses.replace(PRESET, settings=PRESET.settings | settings)
        return identity(plan_of(table_of("full"), preset=preset))

    former = identity_with(BEFORE)
    assert identity_with({}) == identity_with(NOW)
    assert len({former, *(identity_with(BEFORE | {name: value}) for name, value in NOW.items())}) == 4
    without = {name: value for name, value in BEFORE.items() if name != "recognition_loss_weight"}
    assert identity_with(without) == identity_with(BEFORE | {"recognition_loss_weight": 4.5})


@pytest.mark.real_data
@pytest.mark.skipif(not (DATA / "ccks2017").is_dir(), reason="the corpus is not here")
def test_committed_results_keep_their_names():
    """Nothing is trained again for what has been renamed or moved since."""
    folder = FOLDER / "results" / "ccks2017"
    committed = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    specification = read_specifications(
        [str(folder / f"{name}.yaml") if name == "attempts" else name for name in committed["tables"]]
    )
    data = DataArguments(
        dataset_name="ccks2017", data_dir=str(DATA / "ccks2017"), dictionary=str(DATA / "dictionaries")
    )
    parts, _ = load_records(data)
    plan = make_plan(specification, read_preset(committed["preset"]), data, parts)
    assert plan.corpus == committed["corpus"]
    names = {system: {str(seed): run.name for seed, run in runs.items()} for system, runs in plan.run_of.items()}
    assert names == {system: entry["runs"] for system, entry in committed["systems"].items()}
    written = {path.stem for path in folder.glob("*-seed*.json")}
    assert written and written <= {name for runs in names.values() for name in runs.values()}


def test_what_is_not_given_is_said_and_two_without_it_are_not_the_same(plan_of, tmp_path):
    plan = plan_of(table_of("on_bert", "on_ft_bert", "full"))
    assert plan.run_of["on_bert"][1].missing == "--encoder was not given"
    assert plan.run_of["on_ft_bert"][1].missing == "--domain_encoder was not given"
    assert plan.run_of["full"][1].missing == ""
    assert len(plan.runs) == 6
    (tmp_path / "bert").mkdir()
    (tmp_path / "bert" / "config.json").write_text("{}", encoding="utf-8")
    given = plan_of(table_of("on_bert"), resources={"encoder": str(tmp_path / "bert")})
    run = given.run_of["on_bert"][1]
    assert not run.missing
    assert run.settings["encoder_name_or_path"] == str(tmp_path / "bert")
    assert run.public_settings["encoder_name_or_path"] == "ENCODER"


def test_several_places_count_by_the_content_of_each_and_are_told_by_one_name(plan_of, tmp_path):
    learner = System("learner", "learner", settings={"unlabelled": "$unlabelled", "num_teachers": 2})
    identities = []
    for name, texts in (("a", "咳\n"), ("b", "咳\n"), ("c", "痛\n")):
        (tmp_path / name).mkdir()
        paths = [tmp_path / name / file for file in ("x.txt", "y.txt")]
        paths[0].write_text("患者\n", encoding="utf-8")
        paths[1].write_text(texts, encoding="utf-8")
        given = {"unlabelled": [str(path) for path in paths]}
        plan = plan_of(table_of("learner"), systems={"learner": learner}, resources=given)
        run = plan.runs[0]
        assert run.settings["unlabelled"] == given["unlabelled"] and run.settings["num_teachers"] == 2
        assert run.public_settings["unlabelled"] == "UNLABELLED" and not run.missing
        identities.append(run.identity)
    assert identities[0] == identities[1] != identities[2]
    without = plan_of(table_of("learner"), systems={"learner": learner}).runs[0]
    assert without.missing == "--unlabelled was not given" and without.identity not in identities


def test_a_vote_without_a_member_is_not_done(plan_of):
    plan = plan_of(table_of("ensemble"), skip=["bare"])
    assert plan.run_of["bare"][1].missing == "left out by --skip"
    assert plan.run_of["ensemble"][1].missing == "its member bare is not run: left out by --skip"
    with pytest.raises(SpecificationError, match="--skip nobody: there is no such system"):
        plan_of(table_of("full"), skip=["nobody"])


def test_a_missing_package_is_named_before_anything_is_run(plan_of, monkeypatch):
    monkeypatch.setitem(planning.EXTRAS, "rules", "no_such_package")
    plan_of(table_of("full"))
    plan_of(table_of("rules"), skip=["rules"])
    with pytest.raises(SpecificationError, match=r'rules needs the package no_such_package.*pip install -e "\.\[exp'):
        plan_of(table_of("rules"))


def test_a_preset_s_data_settings_count_where_the_command_says_nothing(data):
    preset = dataclasses.replace(PRESET, settings={"max_train_records": 7, "train_share": 0.5, "quiet": True})
    given = restrict(dataclasses.replace(data, train_share=0.25), preset)
    assert (given.max_train_records, given.train_share) == (7, 0.25)


def test_a_stand_in_is_said_of_whatever_needs_it(plan_of, tmp_path):
    (tmp_path / "bert").mkdir()
    plan = plan_of(table_of("on_bert", "bare"), resources={"encoder": str(tmp_path / "bert")}, stand_ins=["encoder"])
    assert plan.note("on_bert") == "an untrained encoder stands in"
    assert plan.note("bare") == "nothing but characters"
