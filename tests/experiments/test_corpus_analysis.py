"""What the corpus itself says, against plain counting."""

from made_up_runs import record

from experiments.corpus_analysis import analyse, count_contradictions, find_contradictions, radical_counts

CONTEXT = "，否认高血压病史，予"


def records(*kinds):
    """Records with one and the same context, the mention 高血压 annotated as the type, or not at all for None."""
    return [
        record(f"r{number}", f"{number}患者来诊{CONTEXT}{number}口服", *([("高血压", kind)] if kind else []))
        for number, kind in enumerate(kinds)
    ]


def test_the_same_mention_in_the_same_context_must_be_annotated_alike():
    (found,) = find_contradictions(records("Disease", "Symptom", None, "Disease"), context=3)
    assert (found.before, found.mention, found.after) == (",否认", "高血压", "病史,")
    assert found.types == {"Disease": 2, "Symptom": 1, "none": 1}
    assert found.places == [("r0", 8), ("r1", 8), ("r2", 8)]


def test_a_context_may_begin_and_end_with_the_record():
    pair = [record("a", "否认高血压病史", ("高血压", "Disease")), record("b", "否认高血压病史")]
    (found,) = find_contradictions(pair, context=2)
    assert found.types == {"Disease": 1, "none": 1}
    assert find_contradictions(pair, context=3) == []  # there are not as many characters


def test_other_contexts_and_agreement_are_no_contradiction():
    assert find_contradictions(records("Disease", "Disease"), context=3) == []
    # The number before the context is within six characters of the mention's end.
    assert find_contradictions(records("Disease", "Symptom"), context=6) == []


def test_an_entity_of_other_boundaries_contradicts(parts):
    longer = records("Disease", None)
    longer[1] = record("r1", longer[1]["text"], ("高血压病", "Disease"))
    found = find_contradictions(longer, context=2)
    assert {(item.mention, tuple(sorted(item.types))) for item in found} == {
        ("高血压", ("Disease", "none")),
        ("高血压病", ("Disease", "none")),
    }


def test_contradictions_in_numbers():
    repeated = records("Disease", "Symptom", None)
    counts = count_contradictions([*repeated, repeated[0], repeated[0] | {"entities": []}])
    assert counts["repeated_texts"] == 1 and counts["repeated_texts_annotated_differently"] == 1
    # Five characters after the mention is the record's number: only the first record's three copies are one context.
    assert counts["contexts"] == 1 and counts["occurrences"] == 3 and counts["minority"] == 1
    assert counts["pairs"] == {"Disease / none": 1}


def test_radicals_of_mentions_are_counted_by_type():
    counts = radical_counts([record("a", "肝肺CT，疼痛。", ("肝肺CT", "Anatomy"), ("疼痛", "Symptom"))])
    assert counts == {"Anatomy": {"130": 2}, "Symptom": {"104": 2}}  # Latin letters have none


def test_all_of_it_without_a_text(parts):
    analysis = analyse(parts, ["Disease", "Drug"])
    assert analysis["statistics"]["train"]["entities_by_type"] == {"Disease": 4, "Drug": 2}
    assert analysis["entity_types"] == ["Disease", "Drug"]
    assert "肺炎" not in str(analysis)
