"""`run_predict.py`, given terms: answers are those of the pipeline with the same terms; the report on terms."""

import json
import shutil

import naive_terms
import pytest
from given_terms import TERMS, TEXTS, command, pipeline_of, write_terms
from tiny_network import ENTITY_TYPES, rounded

import run_predict
from modeling_dicmt import DicMTTokenizer
from modeling_dicmt.evaluation import term_report
from modeling_dicmt.normalization import normalize
from modeling_dicmt.recognition import with_type

TYPES = {"Drug": ["Drug"], "anatomy": ["Anatomy"], "疾病和诊断": ["Disease"]}


@pytest.fixture
def run(monkeypatch, channel_checkpoint, tmp_path):
    """Runs `run_predict.py` on `TEXTS`, and gives the entities of each record."""
    records = write_records(tmp_path / "records.jsonl")

    def run(**settings):
        output = tmp_path / "entities.jsonl"
        settings = {"model_name_or_path": channel_checkpoint, "input": records, "output_file": output} | settings
        command(monkeypatch, run_predict, **settings)
        rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
        assert [row["id"] for row in rows] == [f"r{number}" for number in range(len(TEXTS))]
        return rounded([row["entities"] for row in rows])

    return run


@pytest.fixture
def refused(run, capsys):
    """Runs it where it must not work, and gives what is said."""

    def refused(**settings):
        with pytest.raises(SystemExit) as stopped:
            run(**settings)
        assert stopped.value.code == 1
        (message,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
        return message

    return refused


def write_records(path):
    lines = [json.dumps({"id": f"r{number}", "text": text}) for number, text in enumerate(TEXTS)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def by_pipeline(checkpoint, **settings):
    """The entities of `TEXTS` as files hold them."""
    found = pipeline_of(checkpoint)(TEXTS, **settings)
    return rounded([[with_type(entity) for entity in entities] for entities in found])


def words_found(entities):
    """Distinct (word, type), folded as terms are, of what could be a term: without blanks at its ends."""
    words = {(normalize(entity["word"]), entity["type"]) for found in entities for entity in found}
    return sorted((word, kind) for word, kind in words if word == word.strip())


@pytest.mark.parametrize("form", ["folder", "table.tsv", "lists.json"])
def test_vetted_terms_give_what_the_pipeline_gives(run, channel_checkpoint, tmp_path, form):
    path = write_terms(tmp_path / form, TERMS)
    found = run(terms=path, evidence=True)
    assert found == by_pipeline(channel_checkpoint, terms=TERMS, evidence=True)
    assert found != run(evidence=True) == by_pipeline(channel_checkpoint, evidence=True)
    vetted = {
        term["term"] for entities in found for entity in entities for term in entity["evidence"] if term["vetted"]
    }
    assert len(vetted) > 3


@pytest.mark.parametrize(("name", "type"), [("Drug", "Drug"), ("drug", "Drug"), ("疾病和诊断", "Disease")])
def test_a_list_is_named_as_its_file_is(run, channel_checkpoint, tmp_path, name, type):
    found = run(terms=write_terms(tmp_path / f"{name}.txt", {name: ["患者", "见"]}), force_terms=True)
    assert found == by_pipeline(channel_checkpoint, terms={type: ["患者", "见"]}, force=True)


@pytest.mark.parametrize("with_own_channel", [True, False])
def test_forced_terms_are_all_found(run, channel_checkpoint, checkpoint, tmp_path, with_own_channel):
    folder = channel_checkpoint if with_own_channel else checkpoint
    lists = {name: terms for name, terms in TERMS.items() if with_own_channel or name != "疾病和诊断"}
    terms = write_terms(tmp_path / "terms", lists)
    found = run(model_name_or_path=folder, terms=terms, force_terms=True, threshold=0.9)
    assert found == by_pipeline(folder, terms=lists, force=True, threshold=0.9)
    types, number = naive_terms.types_of_terms(naive_terms.terms_of(lists), TYPES), 0
    for text, entities in zip(TEXTS, found, strict=True):
        stretches = naive_terms.stretches_in_record(text, types)
        forced = {(entity["start"], entity["end"]): entity for entity in entities if entity["forced"]}
        assert sorted(forced) == sorted(stretches)
        assert all(forced[stretch]["type"] in types for stretch, types in stretches.items())
        assert all(entity["word"] == text[start:end] for (start, end), entity in forced.items())
        number += len(forced)
    assert number > 100
    assert not any("forced" in entity for entities in run() for entity in entities)


def test_terms_alone_in_a_file_with_any_name_are_no_entity_of_any_type(run, channel_checkpoint, tmp_path):
    words = [word for word, _ in words_found(run())][::2]
    found = run(not_terms=write_terms(tmp_path / "stop list.txt", {"stop list": words}))
    assert found == by_pipeline(channel_checkpoint, not_terms=words)
    assert not {word for word, _ in words_found(found)}.intersection(words)
    assert words_found(found), "the other entities remain"


def test_a_file_that_is_named_by_a_type_forbids_this_type_alone(run, channel_checkpoint, tmp_path):
    own = words_found(run())
    words = [word for word, kind in own if kind == "Disease"]
    assert words
    for name in ("Disease", "disease", "疾病和诊断"):
        found = run(not_terms=write_terms(tmp_path / f"{name}.txt", {name: words}))
        assert found == by_pipeline(channel_checkpoint, not_terms={"Disease": words})
        assert not {(word, "Disease") for word in words}.intersection(words_found(found))
    # What is vetted as another type is this one then.
    terms = write_terms(tmp_path / "Drug.txt", {"Drug": words})
    found = run(terms=terms, not_terms=tmp_path / "Disease.txt", force_terms=True)
    forced = words_found([[entity for entity in entities if entity["forced"]] for entities in found])
    assert forced and {kind for _, kind in forced} == {"Drug"}


def test_of_a_folder_the_lists_forbid_by_their_names(run, channel_checkpoint, tmp_path):
    own = words_found(run())
    lists = {"*": [own[0][0]], own[-1][1]: [own[-1][0]]}
    found = run(not_terms=write_terms(tmp_path / "stop", lists))
    assert found == by_pipeline(channel_checkpoint, not_terms=lists) != run()


def test_terms_not_terms_and_force_together(run, channel_checkpoint, tmp_path):
    terms, stop = write_terms(tmp_path / "terms", TERMS), ["患者左肺", "见", "考虑左肺"]
    dictionary = {"drug": ["左肺气肿"], "anatomy": ["肺炎"]}
    found = run(
        terms=terms,
        not_terms=write_terms(tmp_path / "stop.txt", {"stop": stop}),
        force_terms=True,
        dictionary=write_terms(tmp_path / "dictionary.json", dictionary),
        evidence=True,
    )
    assert found == by_pipeline(
        channel_checkpoint, terms=TERMS, not_terms=stop, force=True, dictionary=dictionary, evidence=True
    )
    assert not {word for word, _ in words_found(found)}.intersection(stop)


def test_a_checkpoints_own_terms_stay_besides(run, channel_checkpoint, tmp_path):
    folder = shutil.copytree(channel_checkpoint, tmp_path / "with_terms")
    tokenizer = DicMTTokenizer.from_pretrained(folder)
    tokenizer.terms = {"Drug": ["口服", "气肿"]}
    tokenizer.save_pretrained(folder)
    added = {"Anatomy": ["见", "气肿"]}
    terms = write_terms(tmp_path / "terms.json", added)
    for settings, force in (({}, False), ({"force_terms": True}, True)):
        own = run(model_name_or_path=folder, evidence=True, **settings)
        both = run(model_name_or_path=folder, terms=terms, evidence=True, **settings)
        assert own == by_pipeline(channel_checkpoint, terms={"Drug": ["口服", "气肿"]}, force=force, evidence=True)
        assert both == by_pipeline(
            channel_checkpoint, terms={"Drug": ["口服", "气肿"], **added}, force=force, evidence=True
        )
        assert both != own
    assert (folder / "terms.tsv").read_text(encoding="utf-8") == "口服\tDrug\n气肿\tDrug\n"


def test_terms_in_another_encoding(run, refused, channel_checkpoint, tmp_path):
    terms = write_terms(tmp_path / "terms", TERMS, encoding="gb18030")
    words = ["患者", "见阴影"]
    stop = write_terms(tmp_path / "stop.txt", {"stop": words}, encoding="gb18030")
    found = run(terms=terms, not_terms=stop, dictionary_encoding="gb18030")
    assert found == by_pipeline(channel_checkpoint, terms=TERMS, not_terms=words) != run()
    for given, file in (({"terms": terms}, terms / "Drug.txt"), ({"not_terms": stop}, stop)):
        message = refused(**given)
        assert f"error: {file} is not utf-8" in message and "--dictionary_encoding gb18030" in message


def test_wrong_terms_are_told_by_their_options(refused, checkpoint, tmp_path):
    drugs = write_terms(tmp_path / "Drug.txt", {"Drug": ["患者"]})
    other = write_terms(tmp_path / "equipment.txt", {"equipment": ["患者"]})
    folder = write_terms(tmp_path / "lists", {"Drug": ["患者"], "equipment": ["患者"]})
    (tmp_path / "empty.txt").write_text("\n")
    for settings, message in (
        ({"terms": tmp_path / "none.txt"}, "--terms: there is no file or folder"),
        ({"not_terms": tmp_path / "none"}, "--not_terms: there is no file or folder"),
        ({"terms": other}, "--terms: unknown names (equipment)"),
        ({"terms": folder}, "--terms: unknown names (equipment)"),
        ({"not_terms": folder}, "--not_terms: unknown names (equipment)"),
        ({"terms": tmp_path / "empty.txt"}, "empty.txt holds no usable term"),
        ({"force_terms": True}, "--force_terms: there are no vetted terms"),
        ({"force_terms": True, "not_terms": drugs}, "--force_terms: there are no vetted terms"),
        ({"terms": drugs, "model_name_or_path": checkpoint}, "--terms: this network has no channel"),
    ):
        assert message in refused(**settings)
        assert not (tmp_path / "entities.jsonl").exists()


@pytest.mark.parametrize("output", ["output_file", "terms_report"])
@pytest.mark.parametrize("option", ["terms", "not_terms"])
@pytest.mark.parametrize("way", ["same", "linked", "of a folder"])
def test_terms_were_replaced_by_what_is_written(refused, tmp_path, output, option, way):
    folder = write_terms(tmp_path / "lists", {"Drug": ["患者"]})
    file = folder / "Drug.txt"
    written, before = file, file.read_bytes()
    if way == "linked":
        written = tmp_path / "link.txt"
        written.symlink_to(file)
    settings = {option: folder if way == "of a folder" else file, output: written}
    assert f"--{output} {written} is a file of --{option}" in refused(**settings)
    assert file.read_bytes() == before and [*folder.iterdir()] == [file]


@pytest.mark.parametrize("name", ["entities.tsv", "entities.TSV", "entities.txt"])
@pytest.mark.parametrize("option", ["terms", "not_terms", "dictionary"])
def test_entities_in_the_folder_of_terms_would_be_terms_the_next_time(refused, tmp_path, option, name):
    folder = write_terms(tmp_path / "lists", {"Drug": ["患者"]})
    message = refused(**{option: folder, "output_file": folder / name})
    assert f"would lie in the folder of --{option}" in message
    assert [file.name for file in folder.iterdir()] == ["Drug.txt"]


@pytest.mark.slow
def test_processes_share_the_terms(run, tmp_path, monkeypatch):
    monkeypatch.setattr(run_predict, "CHUNK_RECORDS", 4)
    settings = {
        "terms": write_terms(tmp_path / "terms", TERMS),
        "not_terms": write_terms(tmp_path / "stop.txt", {"stop": ["患者左肺", "左肺"]}),
        "force_terms": True,
        "evidence": True,
    }
    written = []
    for number in (1, 2):
        told = tmp_path / f"{number}.md"
        found = run(**settings, num_processes=number, terms_report=told)
        written.append((found, (tmp_path / "entities.jsonl").read_bytes(), told.read_bytes()))
    assert written[0] == written[1]
    assert any(entity["forced"] for entities in written[0][0] for entity in entities)


# ---- the report on terms ---------------------------------------------------------------------------------------------


def test_the_report_counts_what_the_file_of_entities_has(run, tmp_path):
    path, stop = tmp_path / "new" / "terms.md", "左肺肺炎"
    lists = {name: [*terms] for name, terms in TERMS.items()}
    for word, kind in words_found(run()):  # so that some are taken
        lists.setdefault(kind, []).append(word)
    found = run(
        terms=write_terms(tmp_path / "terms", lists),
        not_terms=write_terms(tmp_path / "stop.txt", {"stop": [stop]}),
        terms_report=path,
    )
    types_of_list = TYPES | {name: [name] for name in ENTITY_TYPES} | {"*": ENTITY_TYPES}
    types = naive_terms.types_of_terms(naive_terms.terms_of(lists), types_of_list, {stop: ["*"]})
    occurrences = taken = 0
    for text, entities in zip(TEXTS, found, strict=True):
        spans = {(entity["start"], entity["end"], entity["type"]) for entity in entities}
        for stretch, kinds in naive_terms.stretches_in_record(text, types).items():
            occurrences += 1
            taken += any((*stretch, kind) in spans for kind in kinds)
    told = path.read_text(encoding="utf-8")
    assert f"- records: {len(TEXTS)}\n" in told
    assert f"- their occurrences: {occurrences}, of which {taken} were taken" in told and 0 < taken < occurrences


def test_a_report_alone_is_enough(monkeypatch, channel_checkpoint, tmp_path):
    records, path = write_records(tmp_path / "records.jsonl"), tmp_path / "terms.md"
    settings = {"model_name_or_path": channel_checkpoint, "input": records, "terms_report": path}
    command(monkeypatch, run_predict, **settings)
    assert f"- records: {len(TEXTS)}\n" in path.read_text(encoding="utf-8")


def test_the_report_and_the_entities_are_two_files(refused, tmp_path):
    message = refused(terms_report=tmp_path / "." / "entities.jsonl")
    assert "--output_file and --terms_report are one file" in message and not (tmp_path / "entities.jsonl").exists()


@pytest.mark.parametrize("source", ["records.jsonl", "checkpoint/config.json"])
def test_a_file_that_is_read_was_replaced_by_the_report(refused, channel_checkpoint, tmp_path, source):
    folder = shutil.copytree(channel_checkpoint, tmp_path / "checkpoint")
    before = (tmp_path / source).read_bytes()
    message = refused(model_name_or_path=folder, terms_report=tmp_path / source)
    assert f"--terms_report {tmp_path / source} is a file of --" in message
    assert (tmp_path / source).read_bytes() == before


def test_what_ends_half_way_leaves_the_report_as_it_was(run, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    path = tmp_path / "out" / "terms.md"
    path.write_text("of the last time")
    add = term_report.TermReport.add

    def add_some(self, record, entities):
        if record["id"] == "r9":
            raise ValueError("a record that cannot be counted")
        add(self, record, entities)

    monkeypatch.setattr(term_report.TermReport, "add", add_some)
    with pytest.raises(SystemExit):
        run(terms_report=path)
    assert path.read_text() == "of the last time" and [*path.parent.iterdir()] == [path]
