"""Reports on results that were made by hand: figures, what is missing, and pages that need nothing else."""

import re
from html import escape
from html.parser import HTMLParser

import numpy as np
import pytest
from made_up_runs import table_of

from experiments.recording import ResultStore
from experiments.report import plots
from experiments.report.plots import HeatMap, RadicalPlot, find_cjk_font, radical_character, save
from experiments.report.results import Results, write_plan
from experiments.report.writing import compose, write_report
from experiments.specification import Row
from modeling_dicmt.evaluation.significance import paired_bootstrap

ALL = ("full", "bare", "segmentation", "on_bert")


def section_of(folder, name="table", examples=None, part="validation"):
    report = compose(Results(folder, part), examples or {})
    return next(section for section in report.sections if section.name == name)


def rows_of(section, number=0):
    table = section.tables[number]
    assert all(len(row) == len(table.header) for row in table.rows)
    return {row[0]: dict(zip(table.header, row, strict=True)) for row in table.rows}


def test_scores_are_means_over_seeds_and_what_is_not_run_says_why(results_dir):
    section = section_of(results_dir(table_of(*ALL, reference="full")))
    rows = rows_of(section)
    # Seed 1 finds all four entities, seed 2 two of them and one wrong one: F1 1 and 4 / 7.
    assert rows["the whole"]["runs"] == "2"
    assert rows["the whole"]["F1"] == f"{50 * (1 + 4 / 7):.2f} ± {100 * np.std([1, 4 / 7], ddof=1):.2f}"
    assert rows["the whole"]["precision"] == "83.33 ± 23.57"
    assert rows["with an encoder"]["F1"] == "–" and rows["with an encoder"]["runs"] == "0"
    assert "with an encoder: not run: --encoder was not given." in section.remarks
    assert "no dictionary: nothing but characters." in section.remarks
    assert rows["segmentation alone"]["F1"] == "–"  # it recognises nothing, which is no score of 0


def test_further_columns_are_unseen_entities_and_minutes_over_seeds(results_dir):
    folder = results_dir(table_of("full", "bare", columns=("unseen_recall", "training_minutes")))
    store = ResultStore(folder)
    for run, seconds in zip(Results(folder).plan["systems"]["full"]["runs"].values(), (60, 180), strict=True):
        store.put(run, store.get(run) | {"training": {"train_seconds": seconds}})
    rows = rows_of(section_of(folder))
    assert rows["the whole"]["minutes of training"] == "2.0 ± 1.4"
    assert rows["no dictionary"]["minutes of training"] == "–"
    assert rows["the whole"]["recall of entities that training lacks"] == "75.00 ± 35.36"
    assert rows["no dictionary"]["recall of entities that training lacks"] == "0.00 ± 0.00"


def test_differences_are_those_of_the_bootstrap_and_not_of_what_recognises_nothing(results_dir):
    folder = results_dir(table_of(*ALL, reference="full"))
    rows, results = rows_of(section_of(folder)), Results(folder)
    (column,) = [name for name in rows["the whole"] if name.startswith("F1 –")]
    assert column == "F1 – “the whole” [95 %]"
    found = paired_bootstrap(results.counts("bare"), results.counts("full"))
    assert rows["no dictionary"][column].startswith(f"{100 * found.difference:+.2f} [{100 * found.low:+.2f}, ")
    assert [rows[name][column] for name in ("the whole", "segmentation alone", "with an encoder")] == ["–"] * 3
    assert rows["no dictionary"]["p"] == rows["no dictionary"]["p (Holm)"]  # one comparison needs no correction


def test_segmentation_by_characters_spans_and_entities(results_dir):
    rows = rows_of(section_of(results_dir(table_of("full", "segmentation", show="segmentation"))))
    # The mask marks one entity of two characters, of nine that four entities cover.
    assert rows["segmentation alone"]["NES F1, characters"] == f"{100 * 2 * 2 / (2 + 8):.2f} ± 0.00"
    assert rows["segmentation alone"]["NES F1, spans"] == "40.00 ± 0.00"
    assert rows["segmentation alone"]["NER F1"] == "–" and rows["the whole"]["NER F1"] != "–"


def test_recall_by_training_count_names_how_many_there_are(results_dir):
    section = section_of(results_dir(table_of("full", "bare", show="by_training_count")))
    rows = rows_of(section)
    # 头孢 and 哮喘 do not occur in training, 胃炎 once, 肺炎 three times.
    assert list(rows["the whole"])[1:] == ["0 × (2)", "1 × (1)", "2 × (0)", "3 × (1)", "more often (0)"]
    assert list(rows["the whole"].values())[1:] == ["75.00 ± 35.36", "50.00 ± 70.71", "–", "100.00 ± 0.00", "–"]
    assert list(rows["no dictionary"].values())[1:] == ["0.00 ± 0.00", "0.00 ± 0.00", "–", "100.00 ± 0.00", "–"]


def test_f1_by_type_with_its_mean(results_dir):
    rows = rows_of(section_of(results_dir(table_of("bare", show="by_type"))))
    # Seed 1: one of two found Diseases is right, of three annotated; seed 2: one of one. No Drug is found.
    disease = [2 / (2 + 3), 2 / (1 + 3)]
    assert rows["no dictionary"]["Disease"].startswith(f"{50 * sum(disease):.2f} ±")
    assert rows["no dictionary"]["Drug"] == "0.00 ± 0.00"
    assert rows["no dictionary"]["macro average"].startswith(f"{25 * sum(disease):.2f} ±")


def test_a_curve_has_a_line_for_each_series(results_dir):
    curve = (Row("bare", x=0, series="a"), Row("full", x=100, series="a"), Row("full", x=50, series="b"))
    section = section_of(results_dir(table_of(*curve, show="curve", x_label="share")))
    (plot,) = section.plots
    assert {name: [place for place, _ in points] for name, points in plot.series.items()} == {"a": [0, 100], "b": [50]}
    assert plot.x_label == "share"


def point(share, beside, way, found, f1):
    return {"share": share, "beside": beside, "way": way, "found": found, "f1": f1, "precision": 0.5, "recall": 0.5}


def test_known_terms_over_their_share_beside_others_added_and_forced(results_dir, plan_of):
    folder = results_dir(table_of("known_full", "known_rules", show="known_terms"))
    store, plan = ResultStore(folder), plan_of(table_of("known_full", "known_rules"))
    for seed, found in ((1, 0.4), (2, 0.6)):
        points = [point(share, "nothing", "added", found, share) for share in (0.0, 1.0)]
        points += [point(share, "nothing", "forced", 1.0, share) for share in (0.0, 1.0)]
        points.append(point(1.0, "1,000 wrong terms", "added", None, 0.25))
        known = {"vetted_terms": 3, "occurrences": 1200, "ambiguous_terms": 2, "points": points}
        part = {"scores": {"known_terms": known, "f1": 1.0}}
        run = plan.run_of["known_full"][seed]
        result = {"status": "finished", "parts": {"validation": part}, "command": ""}
        store.put(run.name, result)
    section = section_of(folder)
    assert "Here 3 terms with 1,200 occurrences, and 2 ambiguous ones." in section.notes[0]
    assert "rules, given terms: not yet run." in section.remarks
    found, f1, _ = section.tables
    assert found.header[3:] == ["0 % known", "25 % known", "50 % known", "75 % known", "100 % known"]
    spread = f"50.00 ± {100 * np.std([0.4, 0.6], ddof=1):.2f}"
    assert list(found.rows) == [
        ["the whole, given terms", "added", "nothing", spread, "–", "–", "–", spread],
        ["the whole, given terms", "forced", "nothing", "100.00 ± 0.00", "–", "–", "–", "100.00 ± 0.00"],
    ]
    # Of a part without vetted terms there is nothing to find, but there is F1.
    assert f1.rows[1] == ["the whole, given terms", "added", "1,000 wrong terms", "–", "–", "–", "–", "25.00 ± 0.00"]
    assert [plot.name for plot in section.plots] == ["table-added", "table-forced"]
    panel = section.plots[0].panels["F1 (%)"]["beside 1,000 wrong terms"]
    assert {name: [(x, figure.mean) for x, figure in points] for name, points in panel.items()} == {
        "the whole, given terms": [(100, 0.25)]
    }
    paths = save(section.plots[0], folder)
    assert all(path.stat().st_size > 1000 for path in paths.values())


def test_confusion_and_errors_are_means_over_seeds(results_dir):
    folder = results_dir(table_of("full", show="confusion"), table_of("full", show="errors", name="errors"))
    rows = rows_of(section_of(folder))
    assert rows["annotated Disease"]["found Disease"] == "2"  # 3 and 1
    assert rows["annotated Disease"]["found Drug"] == "0.5"
    assert rows["annotated Disease"]["found none"] == "0.5"
    assert rows["annotated none"]["found none"] == ""
    errors = section_of(folder, "errors", {"errors": {"full": {"missed": ["record 1: …"], "spurious": []}}})
    rows = rows_of(errors)
    assert rows["wrong type"]["2"] == "0.5" and rows["wrong type"]["all"] == "0.5"
    assert rows["annotated entities"]["all"] == "4"
    assert errors.examples[0].groups == {"the whole, missed": ["record 1: …"]}


def test_the_corpus_s_own_tables(results_dir):
    folder = results_dir(
        table_of(show="statistics", name="size"),
        table_of(show="radicals", name="radicals"),
        table_of(show="contradictions", name="contradictions"),
    )
    assert rows_of(section_of(folder, "size"))["– Disease"] == {"": "– Disease", "train": "4", "total": "4"}
    radicals = section_of(folder, "radicals")
    assert rows_of(radicals)["Disease"]["commonest radicals, with their shares (%)"] == "肉 75.0, 疒 25.0"
    assert radicals.plots[0].panels["Disease"] == [(130, 0.75), (104, 0.25)]
    contradictions = section_of(folder, "contradictions", {"contradictions": ["…前[肺炎]后…"]})
    assert rows_of(contradictions)["their occurrences"]["number"] == "5"
    assert rows_of(contradictions, 1) == {"Disease / none": {"annotated as": "Disease / none", "contexts": "2"}}
    assert contradictions.examples


def test_a_failed_run_is_told_with_its_reason(results_dir, plan_of):
    folder = results_dir(table_of("full"))
    run = plan_of(table_of("full")).run_of["full"][2]
    ResultStore(folder).put(run.name, {"status": "failed", "reason": "out of memory", "command": "run_ner.py"})
    results = Results(folder)
    assert results.failures() == [(run.name, "out of memory")]
    report = compose(results, {})
    assert f"Failed: {run.name}: out of memory." in report.notes
    assert rows_of(report.sections[0])["the whole"]["runs"] == "1"
    ResultStore(folder).put(
        plan_of(table_of("full")).run_of["full"][1].name, {"status": "failed", "reason": "NaN", "command": ""}
    )
    assert "the whole: failed: NaN." in compose(Results(folder), {}).sections[0].remarks


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.tags = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.found += [value for name, value in attributes if name in ("src", "href")]


def test_the_page_needs_nothing_else_and_markdown_has_the_same_figures(results_dir, tmp_path):
    tables = [table_of(*ALL, reference="full"), table_of("full", show="by_type", name="types")]
    folder = results_dir(*tables)
    page = write_report(Results(folder), tmp_path / "report", {"errors": {}, "contradictions": []})
    html, markdown = page.read_text(encoding="utf-8"), (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    links = _Links()
    links.feed(html)
    assert all(link.startswith(("data:image/svg+xml;base64,", "#")) for link in links.found)
    assert links.tags.count("img") == 2 and "script" not in links.tags and "url(" not in html
    for section in compose(Results(folder), {}).sections:
        for row in section.tables[0].rows:
            assert f"| {' | '.join(row)} |" in markdown
            assert all(f">{escape(cell)}</td>" in html for cell in row[1:])
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", markdown)
    assert pictures == ["plots/table.svg", "plots/types.svg"]
    for picture in pictures:
        for ending in (".svg", ".png"):
            assert (tmp_path / "report" / picture).with_suffix(ending).stat().st_size > 1000


def test_text_of_records_cannot_become_markup(results_dir, tmp_path):
    folder = results_dir(table_of("full", show="errors"))
    examples = {"errors": {"full": {"missed": ["record 0: <script>alert(1)</script>"]}}}
    page = write_report(Results(folder), tmp_path / "report", examples).read_text(encoding="utf-8")
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_without_examples_a_report_holds_no_text(results_dir, tmp_path):
    tables = [table_of("full", show=show, name=show) for show in ("scores", "errors", "contradictions", "statistics")]
    folder = results_dir(*tables)
    page = write_report(Results(folder), tmp_path / "report").read_text(encoding="utf-8")
    assert not any(word in page for word in ("肺炎", "头孢", "哮喘"))


def test_the_same_results_give_the_same_files(results_dir, tmp_path):
    folder = results_dir(table_of("full", "bare"))
    for name in ("a", "b"):
        write_report(Results(folder), tmp_path / name)
    first, second = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("a", "b")
    )
    assert first == second and len(first) == 4


def test_tables_of_an_earlier_plan_stay_and_another_corpus_is_refused(results_dir, plan_of):
    folder = results_dir(table_of("full", name="first"))
    write_plan(folder, plan_of(table_of("bare", name="second")), "jsonl", {"entity_types": []}, {})
    assert [table.name for table in Results(folder).tables] == ["first", "second"]
    assert Results(folder).of("full")
    with pytest.raises(
        ValueError, match=r"holds results with another dataset_name \(jsonl, now ccks2017\): pass another"
    ):
        write_plan(folder, plan_of(table_of("full")), "ccks2017", {}, {})


def test_a_folder_without_a_plan_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no plan\.json: name the folder that `run` calls its results"):
        Results(tmp_path)


def test_without_a_chinese_font_radicals_are_numbers_and_the_report_says_so(results_dir, monkeypatch):
    folder = results_dir(table_of(show="radicals"))
    labels = {}
    for font in (None, "some font"):
        monkeypatch.setattr(plots, "find_cjk_font", lambda font=font: font)
        monkeypatch.setattr("experiments.report.corpus.find_cjk_font", lambda font=font: font)
        canvas = RadicalPlot("radicals", "x", {"Disease": [(130, 0.75)]}, "share").draw()
        labels[font] = canvas.axes[0].get_yticklabels()[0].get_text()
        plots.pyplot.close(canvas)
        told = any("No font with Chinese characters" in remark for remark in section_of(folder).remarks)
        assert told == (font is None)
    assert labels == {None: "130", "some font": "肉"}


def test_a_font_of_boxes_is_no_chinese_font(monkeypatch):
    """matplotlib's last resort has a glyph for every character, the same for all of a script."""
    find_cjk_font.cache_clear()
    entries = [
        entry
        for entry in plots.font_manager.fontManager.ttflist
        if "last" in entry.name.lower() or entry.name.startswith("DejaVu")
    ]
    monkeypatch.setattr(plots.font_manager.fontManager, "ttflist", entries)
    monkeypatch.setattr(plots.font_manager, "findSystemFonts", list)
    assert find_cjk_font() is None
    find_cjk_font.cache_clear()


def test_a_font_installed_after_matplotlib_made_its_list_is_found(monkeypatch):
    """The advice to install a font and write the report again would else help nobody."""
    chinese = [path for path in plots.font_manager.findSystemFonts() if plots._has_radicals(path)]
    if not chinese:
        pytest.skip("no font with Chinese characters is installed")
    find_cjk_font.cache_clear()
    known = [entry for entry in plots.font_manager.fontManager.ttflist if entry.fname not in chinese]
    monkeypatch.setattr(plots.font_manager.fontManager, "ttflist", known)
    assert find_cjk_font() is not None
    find_cjk_font.cache_clear()


def test_kangxi_numbers_are_characters():
    assert [radical_character(number) for number in (1, 30, 104, 130, 214)] == ["一", "口", "疒", "肉", "龠"]


def test_names_that_no_font_or_formula_knows_are_drawn(tmp_path, monkeypatch):
    """Types may be Chinese where there is no font for them, and a dollar is no formula."""
    monkeypatch.setattr(plots, "find_cjk_font", lambda: None)
    shades = np.array([[0.5, np.nan]])
    plot = HeatMap("heat", r"a $\frac$ b", ["疾病"], ["药物", "$x"], shades, [["1", ""]])
    assert all(path.exists() for path in save(plot, tmp_path).values())
