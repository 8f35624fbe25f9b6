"""Rule files: those of the package find what their examples say, and wrong ones are told by file and rule."""

import json
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modeling_dicmt.deidentification import IDENTIFIER_TYPES, IdentifierFinder
from modeling_dicmt.deidentification.rules import (
    RULES_FOLDER,
    RuleError,
    check_examples,
    read_rule_file,
    read_rules,
    split_example,
)

FILES = read_rules()
FINDER = IdentifierFinder(FILES)
EXAMPLES = [(file.type, example) for file in FILES for example in file.examples]


@pytest.mark.parametrize(("type_", "example"), EXAMPLES)
def test_examples_of_the_package_s_rules(type_, example):
    text, spans = split_example(example)
    assert [(item.start, item.end) for item in FINDER.find(text) if item.type == type_] == spans


@pytest.mark.parametrize("example", ["BP机〔1234〕，〔5678〕", "BP机1234", "BP机〔12〕34"])
def test_an_example_that_the_rules_do_not_bear_out_is_told_by_its_number(tmp_path, example):
    own = read_rules(
        write(
            tmp_path / "own",
            f"type: PHONE\nrules: {{pager: 'bp机(\\d{{4}})'}}\nexamples: ['BP机〔1234〕', '{example}']\n",
        )
    )
    with pytest.raises(RuleError, match=r"phone\.yaml, example 2: it marks") as raised:
        check_examples(own, IdentifierFinder(own).find)
    assert "1234" not in str(raised.value)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path.stem)
def test_the_package_s_patterns_are_as_one_s_own_must_be(file):
    assert read_rule_file(file.path, [RULES_FOLDER / "lists"], check=True) == file


def test_patterns_are_compiled_when_a_text_has_something_for_them(monkeypatch):
    compiled = []
    compile_ = re.compile
    monkeypatch.setattr(re, "compile", lambda *given: compiled.append(given[0]) or compile_(*given))
    files = [read_rule_file(file.path, [RULES_FOLDER / "lists"], check=False) for file in FILES]
    finder = IdentifierFinder(files)
    of_rules = {getattr(rule, key) for rule in finder.rules for key in ("pattern", "then", "near")} - {None}
    assert not of_rules & set(compiled)
    assert finder.find("患者王建国，入院。") == [(2, 5, "NAME", "name/patient")]
    assert 0 < len(of_rules & set(compiled)) < len(of_rules) / 4


def test_each_class_has_rules_and_each_file_an_example_with_and_one_without():
    assert {file.type for file in FILES} == set(IDENTIFIER_TYPES)
    for file in FILES:
        assert file.rules and any("〔" in example for example in file.examples), file.path


def test_no_two_rules_have_one_name():
    names = [rule.name for file in FILES for rule in file.rules]
    assert len(set(names)) == len(names)


def write(folder, content, name="phone.yaml"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_a_file_of_one_s_own_takes_the_place_of_the_package_s_or_comes_beside_it(tmp_path):
    own = write(tmp_path / "own", "type: PHONE\nrules: {pager: 'bp机(\\d{4})'}\n")
    write(own, "type: NAME\nrules: {code: '代号(\\w{2})'}\n", "code_names.yaml")
    finder = IdentifierFinder(read_rules(own))
    found = finder.find("BP机1234，电话：13812345678，代号猎鹰，车牌豫A12345")
    assert [(item.type, item.rule) for item in found] == [
        ("PHONE", "phone/pager"),
        ("NAME", "code_names/code"),
        ("PLATE", "plate/plate"),
    ]


def test_lists_are_the_folder_s_own_or_the_package_s(tmp_path):
    own = write(tmp_path / "own", "type: NAME\nwords: {nick: ['@nick.txt'], surname: ['@surnames.txt']}\n"
                "rules: {nick: '<nick>', of: '<surname>总'}\n", "nick.yaml")  # fmt: skip
    (own / "lists").mkdir()
    (own / "lists" / "nick.txt").write_text("# 绰号\n大刘 二虎\n三儿\n", encoding="utf-8")
    found = {(item.start, item.end) for item in IdentifierFinder(read_rules(own)).find("大刘、二虎与三儿，赵总") if
             item.rule.startswith("nick/")}  # fmt: skip
    assert found == {(0, 2), (3, 5), (6, 8), (9, 11)}


@given(
    st.lists(st.text("ab.-|", min_size=1, max_size=4), min_size=1, max_size=8),
    st.sampled_from(
        ["(<w>)", "(<w>)a", "-(<w>)(?!b)", "((?:<w>|ba|<w>b)a)", "((?:a|<w>)b)", r"(a\|<w>|b)", "((?:<w>){1,2})"]
    ),
    st.lists(st.text("ab.-|", max_size=9), min_size=1, max_size=8),
)
@example(["ab", "abb", "a", "abbb"], "(<w>)", ["abbab"])
@example(["ab", "abb"], "(<w>)a", ["abba", "aba"])
def test_of_words_the_longest_that_fits_is_found(words, pattern, texts):
    plain = f"(?:{'|'.join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))})"
    with tempfile.TemporaryDirectory() as folder:
        content = {"type": "PHONE", "words": {"w": words}, "rules": {"a": pattern}}
        (rule,) = read_rule_file(write(Path(folder), json.dumps(content)) / "phone.yaml", []).rules
    for text in texts:
        expected = [match.span(1) for match in re.finditer(pattern.replace("<w>", plain), text)]
        assert [match.span(1) for match in re.finditer(rule.pattern, text)] == expected


def test_a_word_that_is_excluded_and_one_that_counts_only_where_it_is_found(tmp_path):
    own = write(
        tmp_path / "own",
        "type: NAME\nrules:\n  who: {pattern: '叫(\\w{2})', not: [什么], repeats: true, only_here: [高兴]}\n",
        "who.yaml",
    )
    text = "叫什么。叫高兴。叫小宝。高兴，小宝。什么"
    found = [text[item.start : item.end] for item in IdentifierFinder(read_rules(own)[-1:]).find(text)]
    assert found == ["高兴", "小宝", "小宝"]


def test_an_identifier_does_not_begin_where_a_word_does_and_may_begin_within_it(tmp_path):
    own = write(
        tmp_path / "own",
        "type: NAME\nrules:\n  three: {pattern: '叫?([高白于]\\w{2})', not_at: [高血, 于是]}\n",
        "three.yaml",
    )
    (rule,) = read_rules(own)[-1].rules
    find = lambda text: [text[start:end] for start, end in rule.find(text, text)]  # noqa: E731
    assert find("高血压，叫高大山，于是叫白大川") == ["高大山", "白大川"]
    assert find("高血于大山") == ["于大山"]
    (listed,) = read_rules(
        write(
            tmp_path / "listed",
            "type: NAME\nrules:\n  row: {pattern: '叫(高\\w)', then: '、(\\w\\w)', not_at: [高血]}\n",
            "row.yaml",
        )
    )[-1].rules
    text = "叫高山、大川、高血、小河"
    assert [text[start:end] for start, end in listed.find(text, text)] == ["高山", "大川"]


def test_what_follows_is_found_again_and_again(tmp_path):
    own = write(tmp_path / "own", "type: NAME\nrules:\n  row: {pattern: '排(\\d)', then: '、(\\d)'}\n", "row.yaml")
    assert len(IdentifierFinder(read_rules(own)[-1:]).find("排1、2、3，4、5")) == 3


def test_where_a_pattern_is_not_tried_further_the_text_does_not_end(tmp_path):
    own = write(tmp_path / "own", "type: NAME\nrules:\n  end: {pattern: 'x(?=$|。)', near: 号}\n", "end.yaml")
    (rule,) = read_rules(own)[-1].rules
    for distance in range(70, 90):
        text = "号" + "a" * distance + "xb"
        assert not list(rule.find(text, text))
    assert list(rule.find("号ax。", "号ax。")) == [(2, 3)]


def test_a_list_is_gone_over_once_and_not_from_each_of_its_members(tmp_path):
    own = write(tmp_path / "own", "type: NAME\nrules:\n  row: {pattern: '排(\\d)', then: '、排(\\d)'}\n", "row.yaml")
    text = "、".join(["排1"] * 60)
    (rule,) = read_rules(own)[-1].rules
    assert len(list(rule.find(text, text))) == 60


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("type: PHONE\nrules: {a: 'x*'}", r"phone\.yaml, rules, a, pattern: \*, \+ and \{n,\}"),
        ("type: PHONE\nrules: {a: 'x{2,}y'}", r"rules, a, pattern: \*, \+"),
        ("type: PHONE\nrules: {a: {pattern: 'x', then: '(a+)'}}", r"rules, a, then: \*, \+"),
        ("type: PHONE\nrules: {a: '(x'}", r"rules, a, pattern: not a pattern"),
        ("type: PHONE\nrules: {a: 'x?'}", "matches an empty text"),
        ("type: PHONE\nrules: {a: '<cue>x'}", "<cue> is neither a list of words nor a part"),
        ("type: PHONE\nrules: {a: '(x)(y)'}", "it has 2 groups; the identifier is one"),
        ("type: PHONE\nrules: {a: x, a: y}", "'a' stands twice"),
        ("type: PHONE\nwords: {a: []}\nrules: {a: x}", "words, a: there is no word"),
        ("type: FAX\nrules: {a: x}", "type must be one of NAME"),
        ("type: PHONE\nrule: {a: x}", "unknown key rule"),
        ("type: PHONE\nrules: {a: {patern: x}}", "rules, a: unknown key patern"),
        ("type: PHONE\nrules: {a: {pattern: x, check: luhn}}", "no check 'luhn'"),
        ("type: PHONE\nrules: {a: 12}", "rules, a: expected names and values, got 12"),
        ("type: PHONE\nwords: {a: ['@none.txt']}\nrules: {a: x}", "there is no list none.txt"),
        ("type: PHONE\nwords: {a: ['@../../secret.txt']}\nrules: {a: x}", "there is no list"),
        ("type: PHONE\nwords: {a: 电话}\nrules: {a: x}", "expected a list of words"),
        ("type: PHONE\nexamples: [1]\nrules: {a: x}", "expected a list of texts"),
        ("a: [", "is not YAML"),
        ("- a", "expected names and values"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path, content, told):
    with pytest.raises(RuleError, match=told):
        read_rules(write(tmp_path / "own", content))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (r"'\b'", []),
        (r"'(?=(\d{3}))'", ["123", "567"]),
        (r"{pattern: '\d{3}', then: '(?=4)'}", ["123", "567"]),
    ],
)
def test_a_pattern_that_looks_but_takes_nothing_ends(tmp_path, rule, expected):
    write(tmp_path / "own", "type: PHONE\nrules: {a: " + rule + "}", "look.yaml")
    text = "a 1234, 5678,"
    own = [file for file in read_rules(tmp_path / "own") if file.path.name == "look.yaml"]
    assert [text[item.start : item.end] for item in IdentifierFinder(own).find(text)] == expected


def test_literal_stars_and_pluses_are_no_repetition(tmp_path):
    own = write(tmp_path / "own", "type: PHONE\nrules: {a: '[*+]{1,3}\\*\\+x{1,3}'}")
    assert read_rules(own)


def test_a_folder_without_rules_and_a_file_in_another_encoding(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no rule file"):
        read_rules(tmp_path)
    (tmp_path / "phone.yaml").write_bytes("type: PHONE # 电话".encode("gb18030"))
    with pytest.raises(RuleError, match="not UTF-8"):
        read_rules(tmp_path)


def test_yaml_builds_nothing_but_plain_values(tmp_path):
    with pytest.raises(RuleError, match="is not YAML"):
        read_rules(write(tmp_path / "own", "type: !!python/object/apply:os.system ['true']"))


@given(st.lists(st.tuples(st.text("ab，〇", max_size=4), st.text("cd", min_size=1, max_size=3)), max_size=4))
def test_an_example_is_its_text_and_the_bracketed_stretches(pieces):
    text, spans = split_example("".join(f"{plain}〔{marked}〕" for plain, marked in pieces))
    assert text == "".join(plain + marked for plain, marked in pieces)
    assert [text[start:end] for start, end in spans] == [marked for _, marked in pieces]


def test_lists_hold_words_and_no_word_twice():
    for path in sorted((RULES_FOLDER / "lists").glob("*.txt")):
        words = [word for line in path.read_text("utf-8").splitlines() for word in line.split("#")[0].split()]
        assert words and len(set(words)) == len(words), path
        assert all(re.fullmatch(r"[\u3400-\u9fffⅰⅱⅲ\da-zA-Z·]+", word) for word in words), path
