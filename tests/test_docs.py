"""The documentation by its text alone: links lead somewhere, errors are those of the code, no public name is left out.

`make docs`, which .ci/run calls, builds it with warnings as errors.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import modeling_dicmt

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    path.relative_to(ROOT).as_posix() for path in (*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "README.zh.md")
)


def prose_of(name: str) -> str:
    """A page without its blocks of code."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors_of(name: str) -> set[str]:
    """Of a page's headings, as GitHub and MyST make them; the quick start's pages take in a part of a README."""
    text = prose_of(name)
    for included in re.findall(r"\{include\} (\S+)", (ROOT / name).read_text(encoding="utf-8")):
        text += prose_of((ROOT / name).parent.joinpath(included).resolve().relative_to(ROOT).as_posix())
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_pages_and_headings(name):
    for link in re.findall(r"\]\(([^)\s]+)\)", prose_of(name)):
        if not link.startswith("https://"):
            path, _, anchor = link.partition("#")
            target = (ROOT / name).parent.joinpath(path).resolve() if path else ROOT / name
            assert target.is_file(), link
            assert not anchor or anchor in anchors_of(target.relative_to(ROOT).as_posix()), link


def strings_of_the_code() -> Iterator[str]:
    """Every string, without what is put into it, and with the strings that it chooses among."""
    for folder in ("modeling_dicmt", "data_scripts"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = [list(ast.walk(value)) for value in node.values]
                    yield "".join(
                        part.value
                        for nodes in parts
                        for part in nodes
                        if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_errors_are_those_of_the_code():
    known = list(strings_of_the_code())
    shown = re.findall(r"^```text\n(.*?)\n```$", (DOCS / "errors.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(shown) > 20
    for message in shown:
        if not message.startswith("[E"):  # spaCy's own
            pattern = re.compile(".*".join(map(re.escape, message.split("…"))), re.DOTALL)
            assert any(map(pattern.search, known)), message


def test_every_public_name_has_its_reference():
    reference = (DOCS / "reference.md").read_text(encoding="utf-8")
    names = set(re.findall(r"^\.\. auto\w+:: modeling_dicmt\.(\w+)$", reference, re.MULTILINE))
    assert names == set(modeling_dicmt.__all__)
