"""Examples for a report: errors in the text of their own records."""

from made_up_runs import VALIDATION, record, table_of

from experiments.examples import collect_examples
from modeling_dicmt.evaluation.prediction_files import write_predictions


def test_errors_are_shown_in_their_records_and_contradictions_with_their_counts(plan_of, parts, tmp_path):
    plan = plan_of(table_of("full", "bare", show="errors"), table_of(show="contradictions", name="other"))
    folder = tmp_path / plan.run_of["full"][1].name
    folder.mkdir()
    found = [[(3, 5, "Drug"), (6, 8, "Disease")], [(1, 3, "Drug")]]
    write_predictions(folder / "predictions_validation.jsonl", VALIDATION, found)
    contrary = [record("a", "既往否认高血压病史多年", ("高血压", "Disease")), record("b", "既往否认高血压病史多年。")]
    examples = collect_examples(plan, tmp_path, parts | {"train": contrary})
    assert examples["errors"] == {  # `bare` has left no predictions
        "full": {
            "wrong type": ["record v1: 诊断为[肺炎|Drug]，胃炎不明显。  annotated: 诊断为[肺炎|Disease]，胃炎不明显。"],
            "missed": ["record v2: 予头孢，[哮喘|Disease]缓解。"],
        }
    }
    assert examples["contradictions"] == []  # five characters to either side are not there
    longer = [
        record("a", "。既往否认高血压病史多年。", ("高血压", "Disease")),
        record("b", "。既往否认高血压病史多年。治疗中"),
    ]
    (line,) = collect_examples(plan, tmp_path, parts | {"train": longer})["contradictions"]
    assert line == "…。既往否认[高血压]病史多年。…  Disease 1 ×, none 1 ×  (a at 5; b at 5)"


def test_nothing_is_collected_that_no_table_shows(plan_of, parts, tmp_path):
    assert collect_examples(plan_of(table_of("full")), tmp_path, parts) == {"errors": {}, "contradictions": []}
