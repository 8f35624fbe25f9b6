"""The bound that a sample without a leak gives, and the sample that is drawn for a person to read."""

import random
import re

import pytest

from modeling_dicmt.deidentification import Identifier
from modeling_dicmt.deidentification.report import (
    SAMPLED_IDENTIFIERS,
    SAMPLED_SENTENCES,
    leak_bound,
    read_spans,
    sample_size,
    span_line,
    write_review,
)


@pytest.mark.parametrize("share", [0.3, 0.05, 0.01, 0.001])
def test_a_sample_bounds_a_share_if_a_larger_one_would_have_shown_itself(share):
    size = sample_size(share)
    assert (1 - share) ** size <= 0.05 < (1 - share) ** (size - 1)
    assert leak_bound(size) <= share < leak_bound(size - 1)


def test_the_review_s_sentences_bound_leaks_as_the_readme_says():
    assert leak_bound(SAMPLED_SENTENCES) < 0.01


def test_spans_are_read_as_they_were_written(tmp_path):
    found = [("a", [Identifier(0, 2, "NAME", "name/label")]), ("b\n", []), ("\ud800", [])]
    lines = "".join(span_line(name, identifiers) for name, identifiers in found)
    (tmp_path / "spans.jsonl").write_bytes(lines.encode("utf-8", errors="backslashreplace"))
    assert list(read_spans(tmp_path / "spans.jsonl")) == found


def made_up_records():
    records = [{"id": f"r{n}", "text": f"第{n}句甲某。\n\n第{n}句乙。"} for n in range(400)]
    spans = [(record["id"], [Identifier(at, at + 2, "NAME", "name/x")])
             for record in records for at in [record["text"].index("甲某")]]  # fmt: skip
    return records, spans


def review(path, records, spans, seed=0):
    write_review(path, records, spans, seed)
    sentences, rules = path.read_text(encoding="utf-8").split("## What each rule found")
    return set(re.findall(r"^\d+\. (.*)$", sentences, re.MULTILINE)), re.findall(r"^- (.*)$", rules, re.MULTILINE)


def test_a_review_draws_sentences_with_what_was_found_in_them_whatever_the_order(tmp_path):
    records, spans = made_up_records()
    sentences, of_rule = review(tmp_path / "a.md", records, spans)
    assert len(sentences) == SAMPLED_SENTENCES and len(of_rule) == SAMPLED_IDENTIFIERS
    every = {f"第{n}句{rest}" for n in range(400) for rest in ("〔甲某〕。", "乙。")}
    assert sentences < every and {sentence[-2] for sentence in sentences} == {"〕", "乙"}
    order = random.Random(1).sample(range(400), 400)
    again = review(tmp_path / "b.md", [records[n] for n in order], [spans[n] for n in order])
    assert again[0] == sentences and set(again[1]) == set(of_rule)
    assert review(tmp_path / "c.md", records, spans, seed=1)[0] != sentences
