"""Specifications: those that come with the project, and what is wrong with others."""

import json
import re
from dataclasses import fields

import pytest
import yaml

from experiments.specification import (
    FOLDER,
    NETWORK_ARGUMENTS,
    VIEWS,
    SpecificationError,
    available_presets,
    available_specifications,
    check_types,
    read_preset,
    read_specifications,
)
from modeling_dicmt.training.arguments import MOST_EPOCHS, ModelArguments

BASELINES = {
    "yang2018": "feature_crf",
    "tang2019": "baseline_network",
    "luo2018": "vote",
    "li_radicals": "network",
    "li_dictionary": "network",
    "li2020": "vote",
    "qiu2018": "baseline_network",
    "zhang2019": "baseline_network",
    "hu2017": "vote",
    "wang2019_input": "network",
    "wang2019_lstm": "baseline_network",
}


@pytest.fixture
def write(tmp_path):
    """Writes a specification of one's own and returns its path."""

    def write(content: object, name: str = "mine.yaml") -> str:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
        return str(path)

    return write


def test_what_comes_with_the_project_has_every_table_and_baseline_of_the_paper():
    specification = read_specifications(["all"])
    names = [table.name for table in specification.tables]
    assert names[:8] == ["table3", "table5", "table6", "table7", "table8", "table9", "table10", "table11"]
    assert {"figure4", "weights", "learning_curve", "confusion", "errors", "contradictions"} <= set(names)
    table5 = next(table for table in specification.tables if table.name == "table5")
    shown = {row.system: specification.systems[row.system] for row in table5.rows}
    for name, kind in BASELINES.items():
        assert shown[name].kind == kind and shown[name].source, name
    assert {"bert_classifier", "spacy", "dicmt"} <= set(shown)
    assert {table.show for table in specification.tables} == set(VIEWS)


def test_members_come_before_the_votes_that_need_them_each_once():
    specification = read_specifications(["table5"])
    needed = specification.needed()
    assert len(needed) == len(set(needed))
    for name in needed:
        assert all(needed.index(member) < needed.index(name) for member in specification.systems[name].members)
    assert {"rules", "luo_characters"} <= set(needed)


def test_a_specification_of_one_s_own_may_bring_systems(write):
    path = write(
        {
            "title": "Mine",
            "show": "curve",
            "rows": [{"system": "wide", "x": 512}, {"system": "dicmt", "x": 128, "title": "as it is"}],
            "systems": {"wide": {"title": "wide", "settings": {"lstm_hidden_size": 512}}},
        }
    )
    specification = read_specifications([path, "table7"])
    assert [table.name for table in specification.tables] == ["mine", "table7"]
    assert specification.systems["wide"].settings == {"lstm_hidden_size": 512}
    assert specification.tables[0].rows[1].title == "as it is"


def known_terms_of(*members):
    system = {"title": "a", "kind": "known_terms", "members": list(members)}
    return {"title": "x", "show": "known_terms", "systems": {"a": system}}


WRONG = {
    "unknown key": ({"title": "x", "show": "scores", "colour": 1}, r"mine.yaml: unknown key colour; there are title"),
    "no title": ({"show": "scores"}, "mine.yaml: title is missing"),
    "unknown view": ({"title": "x", "show": "pie"}, "show is one of statistics, .*got 'pie'"),
    "unknown system": ({"title": "x", "show": "scores", "rows": ["dicmd"]}, "mine: there is no system 'dicmd'; there"),
    "unknown reference": ({"title": "x", "show": "scores", "reference": "nobody"}, "no system 'nobody'"),
    "unknown key of a row": (
        {"title": "x", "show": "scores", "rows": [{"system": "dicmt", "y": 1}]},
        "rows: unknown key y",
    ),
    "no place on a curve": ({"title": "x", "show": "curve", "rows": ["dicmt"]}, "each row of a curve needs its x"),
    "unknown setting": (
        {"title": "x", "show": "scores", "systems": {"a": {"title": "a", "settings": {"lstm_size": 3}}}},
        "systems, a: lstm_size is no setting of run_ner.py",
    ),
    "the runner's own setting": (
        {"title": "x", "show": "scores", "systems": {"a": {"title": "a", "settings": {"seed": 3}}}},
        "systems, a: seed is no setting",
    ),
    "unknown kind": (
        {"title": "x", "show": "scores", "systems": {"a": {"title": "a", "kind": "svm"}}},
        "there is no kind 'svm'; there are network",
    ),
    "unknown resource": (
        {"title": "x", "show": "scores", "systems": {"a": {"title": "a", "settings": {"character_vectors": "$mine"}}}},
        r"\$mine is nothing that the command line gives",
    ),
    "unknown column": (
        {"title": "x", "show": "scores", "columns": ["speed"]},
        "'speed' is no further column; a table that shows scores has unseen_recall, outer_f1",
    ),
    "a column of another view": ({"title": "x", "show": "by_type", "columns": ["unseen_recall"]}, "no further column"),
    "members of no vote": (
        {"title": "x", "show": "scores", "systems": {"a": {"title": "a", "members": ["dicmt"]}}},
        "members are for the kinds 'vote' and 'known_terms'",
    ),
    "terms for two": (
        known_terms_of("dicmt", "spacy"),
        "a: the kind 'known_terms' takes one member, whose settings it shares",
    ),
    "terms for what takes none": (
        known_terms_of("yang2018"),
        "a: 'yang2018' is no system that can be given terms; kinds that can are network, baseline_network, rules",
    ),
    "known terms of what is given none": (
        {"title": "x", "show": "known_terms", "rows": ["dicmt"]},
        "mine: known_terms shows systems of that kind, which 'dicmt' is not",
    ),
    "a vote on votes": (
        {"title": "x", "show": "scores", "systems": {"a": {"title": "a", "kind": "vote", "members": ["luo2018"]}}},
        "a: 'luo2018' is no system that can vote",
    ),
    "a taken name": (
        {"title": "x", "show": "scores", "systems": {"dicmt": {"title": "a"}}},
        "dicmt is a system of systems.yaml: give yours another name",
    ),
    "wrong seeds": (
        {"title": "x", "show": "scores", "systems": {"a": {"title": "a", "seeds": "two"}}},
        "seeds are 'all', 'baseline' or 'one', got 'two'",
    ),
    "no mapping": ("- a\n- b\n", "expected names and values"),
    "no YAML": ("title: [", "is not YAML"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(write, case):
    content, message = WRONG[case]
    with pytest.raises(SpecificationError, match=message):
        read_specifications([write(content)])


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes("title: 表".encode("gb18030"))
    with pytest.raises(SpecificationError, match=r"mine.yaml is not UTF-8 \(byte 7\)"):
        read_specifications([str(path)])


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(SpecificationError, match=r"no specification 'table4': .* table3, table5, .*all"):
        read_specifications(["table4"])
    with pytest.raises(SpecificationError, match="no preset 'huge': there are quick, full, product"):
        read_preset("huge")


@pytest.mark.parametrize("name", available_presets())
def test_presets(name):
    preset = read_preset(name)
    assert preset.seeds and preset.baseline_seeds and preset.settings["num_train_epochs"] > 0
    assert preset.data_settings.keys() | preset.network_settings.keys() == preset.settings.keys()
    assert "max_train_records" not in preset.network_settings and "quiet" in preset.network_settings


LOSS_WEIGHTS = ("segmentation_loss_weight", "recognition_loss_weight")


def test_the_product_s_preset_is_run_ner_s_defaults_but_for_the_loss_weights():
    defaults = {item.name: item.default for of_class in NETWORK_ARGUMENTS["network"] for item in fields(of_class)}
    defaults["num_train_epochs"] = MOST_EPOCHS  # of a training part that is not large
    settings = {name: value for name, value in read_preset("product").settings.items() if name not in LOSS_WEIGHTS}
    assert settings.pop("quiet") and settings == {name: defaults[name] for name in settings}
    assert {"num_train_epochs", "early_stopping_patience", "vetted_terms"} == settings.keys()  # those of other presets


@pytest.mark.parametrize("name", available_presets())
def test_networks_weigh_the_tasks_as_the_paper_does_unless_a_system_says_otherwise(name):
    paper = json.loads((FOLDER / "paper.json").read_text(encoding="utf-8"))
    assert {key: read_preset(name).settings[key] for key in LOSS_WEIGHTS} == {key: paper[key] for key in LOSS_WEIGHTS}


def test_what_is_named_after_run_ner_s_loss_weights_has_them():
    systems = read_specifications(["defaults"]).systems
    defaults = {name: getattr(ModelArguments(), name) for name in LOSS_WEIGHTS}
    for name in ("weights_1_9", "pretrained_weights_1_9"):
        assert {key: systems[name].settings[key] for key in LOSS_WEIGHTS} == defaults


def test_the_ladder_s_networks_differ_in_what_they_learn_from_alone():
    specification = read_specifications(["unlabelled"])
    (table,) = specification.tables
    shown = [specification.systems[row.system] for row in table.rows]
    assert shown[0].name == table.reference
    own = [{name: value for name, value in system.settings.items() if name != "vetted_terms"} for system in shown]
    pretrained, unlabelled = {"pretrained": "$pretrained"}, {"unlabelled": "$unlabelled"}
    embeddings, states = ({"pretrained_as": way} for way in ("embeddings", "states"))
    both = pretrained | unlabelled
    assert own == [{}, pretrained | embeddings, pretrained, unlabelled, both, both | states]
    assert all(system.settings["vetted_terms"] and system.seeds == "all" for system in shown)


def test_the_paper_s_tables_come_by_number_then_its_figures_then_the_rest():
    names = list(available_specifications())
    assert names.index("table9") < names.index("table10") < names.index("figure4") < names.index("confusion")


@pytest.mark.parametrize("path", sorted((FOLDER / "results").rglob("*.yaml")), ids=lambda path: path.name)
def test_specifications_of_single_corpora_can_be_read(path):
    assert read_specifications([str(path)]).needed()


def test_the_specification_that_the_readme_shows_is_one(write):
    (block,) = re.findall(r"```yaml\n(.*?)```", (FOLDER / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (table,) = read_specifications([write(block)]).tables
    assert [row.x for row in table.rows] == [32, 128] and table.title in block


def test_types_that_the_corpus_lacks_are_named(write):
    specification = read_specifications([write({"title": "x", "show": "by_type", "types": ["Disease", "Gene"]})])
    check_types(specification, ["Disease", "Gene"], "mine")
    with pytest.raises(SpecificationError, match="mine: jsonl has no entity type Gene; it has Disease, Drug"):
        check_types(specification, ["Disease", "Drug"], "jsonl")


def test_types_that_a_system_s_settings_name_count_too(write):
    settings = {"dictionary_precedence": ["Exam", "Disease"]}
    content = {"title": "x", "show": "scores", "rows": ["a"], "systems": {"a": {"title": "a", "settings": settings}}}
    specification = read_specifications([write(content)])
    check_types(specification, ["Disease", "Exam"], "ccks2017")
    with pytest.raises(SpecificationError, match="a: ccks2018 has no entity type Exam, Disease; it has Drug"):
        check_types(specification, ["Drug"], "ccks2018")
