"""The page of a training: its figures are those that it was given, and no record's text is in it."""

import re

import numpy as np
import pytest
from reading_pages import Reading

from modeling_dicmt.evaluation.calibration import calibration_error
from modeling_dicmt.evaluation.clinical_ner import score_entities
from modeling_dicmt.evaluation.report import classify_errors
from modeling_dicmt.pages.charts import Series, line_chart, reliability_diagram
from modeling_dicmt.pages.training import count_errors, render_training

GOLD = [[(0, 2, "Disease"), (3, 5, "Drug")], [(1, 4, "Disease")], [(0, 1, "<b>&")]]
FOUND = [[(0, 2, "Drug"), (3, 6, "Drug"), (8, 9, "Drug")], [(1, 4, "Disease")], []]
TYPES = ["Disease", "Drug", "<b>&"]
RUN = {"trained on": "1 record", "network": "<script>alert(1)</script>"}


def history(epochs, **more):
    return [
        {"epoch": n, "seconds": 1.0, "f1": n / (epochs + 1), "train_loss": 10 / n, "f1_by_type": {"Drug": 0.5}, **more}
        for n in range(1, epochs + 1)
    ]


def render(entries, **options):
    scores = score_entities(FOUND, GOLD)
    scores["calibration"] = calibration_error([0.9, 0.8, 0.2, 0.95], [False, False, False, True])
    parts = {"validation": {"scores": scores, "errors": count_errors(FOUND, GOLD)}}
    return render_training("sample", RUN, entries, parts, TYPES, **options), scores


def test_all_figures_are_in_it_and_what_types_and_settings_say_is_text():
    page, scores = render(history(3), best_epoch=2)
    reading = Reading(page)
    cells = [re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", page)]
    for of_type in scores["by_type"].values():
        assert {str(of_type["support"]), f"{100 * of_type['f1']:.2f}", f"{100 * of_type['relaxed_f1']:.2f}"} <= set(
            cells
        )
    for prefix in ("", "macro_", "relaxed_", "relaxed_macro_", "boundary_"):
        assert f"{100 * scores[prefix + 'f1']:.2f}" in cells
    assert sum("&lt;b&gt;&amp;" in cell for cell in cells) == 2 and "&lt;script&gt;alert(1)&lt;/script&gt;" in cells
    assert len(reading.scripts) == 1 and "url(" not in page


def test_nested_entities_have_figures_of_their_own():
    assert "inner: within a longer one" not in render(history(1))[0]
    found, gold = [[(0, 4, "Disease"), (0, 2, "Drug"), (3, 4, "Drug")]], [[(0, 4, "Disease"), (0, 2, "Drug")]]
    scores = score_entities(found, gold)
    parts = {"test": {"scores": scores, "errors": count_errors(found, gold)}}
    page = render_training("sample", RUN, [], parts, TYPES)
    row = re.search(r"<tr><td>(?:(?!</td>).)*inner: within a longer one.*?</tr>", page)[0]
    assert re.findall(r"<td>([\d.]+)</td>", row) == ["1", "2", "50.00", "100.00", "66.67"]


def test_the_errors_table_counts_each_error_once():
    counts = count_errors(FOUND, GOLD)
    assert counts == {
        "<b>&": {"missed": 1},
        "Disease": {"wrong type": 1},
        "Drug": {"wrong boundary": 1, "spurious": 1},
    }
    assert sum(sum(of_type.values()) for of_type in counts.values()) == len(classify_errors(FOUND, GOLD))


def test_a_training_without_a_development_part_says_that_it_has_no_curves():
    page = render_training("sample", RUN, [], {}, TYPES, 3)
    assert "<svg" not in page and "There was no development part" in page


def test_curves_of_a_self_training_are_told_apart_by_stage():
    entries = [*history(3, stage="teacher_1"), *history(2, stage="round_1_student")]
    page, _ = render(entries, best_epoch=2)
    f1, loss, by_type = re.findall(r"<figure><figcaption>.*?</figcaption>(<svg.*?</svg>)", page)[:3]
    for chart in (f1, loss):
        assert re.findall(r'class="name">(.*?)</text>', chart) == ["teacher 1", "round 1 student"]
        assert chart.count('class="curve"') == 2 and "diagonal" not in chart
    assert by_type.count('class="dot"') == 2  # of the last stage


def points_of(chart):
    return [
        [tuple(map(float, pair.split())) for pair in path.split("L")]
        for path in re.findall(r'<path class="curve" d="M(.*?)"/>', chart)
    ]


def test_points_of_a_line_lie_where_their_values_are():
    values = [(1, 0.0), (2, 30.0), (3, 90.0), (7, 60.0)]
    (points,) = points_of(line_chart([Series("a", values)], "f1 by epoch"))
    x, y = np.array(points).T
    steps = np.diff(x) / np.diff([epoch for epoch, _ in values])
    assert steps == pytest.approx(steps[0], abs=0.2) and steps[0] > 0
    scale = (y[1:] - y[0]) / np.array([30, 90, 60])
    assert scale == pytest.approx(scale[0], abs=0.01) and scale[0] < 0


@pytest.mark.parametrize("values", [[(1, 0.0)], [(3, 5.0), (4, 5.0)], [(1, 1e-9), (2, 1e6)]])
def test_a_line_of_one_point_or_of_one_value_is_drawn(values):
    (points,) = points_of(line_chart([Series("a", values)], "loss by epoch", marked=1))
    assert len(points) == len(values) and all(0 <= x <= 480 and 0 <= y <= 250 for x, y in points)


def test_names_beside_lines_do_not_cover_each_other():
    chart = line_chart([Series(f"type {n}", [(1, 10), (2, 50 + n / 10)]) for n in range(12)], "f1 by epoch")
    heights = sorted(float(y) for y in re.findall(r'<text x="[\d.]+" y="([\d.-]+)" class="name">', chart))
    assert len(heights) == 12 and min(np.diff(heights)) >= 13.9
    assert heights[0] > 0 and heights[-1] <= 250


def test_a_long_name_is_shortened_to_its_place():
    series = [Series(name, [(1, 10), (2, place)]) for place, name in ((20, "疾病和诊断与其他情况"), (90, "a" * 30))]
    names = re.findall(r'class="name">(.*?)</text>', line_chart(series, "f1 by epoch"))
    assert names == ["疾病和诊断与其…", "a" * 15 + "…"]


def test_a_reliability_diagram_has_a_dot_and_a_count_a_bin():
    bins = calibration_error(np.linspace(0.3, 0.99, 40), np.arange(40) % 3 > 0)["bins"]
    diagram = reliability_diagram(bins, "calibration")
    assert diagram.count('class="ring"') == diagram.count('class="count"') == len(bins)
    (points,) = points_of(diagram)
    top, bottom = 14, 254  # of shares 1 and 0
    shares = (bottom - np.array(points)[:, 1]) / (bottom - top)
    assert shares == pytest.approx([row["precision"] for row in bins], abs=0.001)
    rights = re.findall(r'<rect class="count" x="([\d.]+)" y="([\d.]+)"', diagram)
    tallest = min(rights, key=lambda pair: float(pair[1]))
    assert rights.index(tallest) == max(range(len(bins)), key=lambda n: bins[n]["entities"])
