"""The house: which folder may import which (docs/how_it_works.md), read from the files' own import statements."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("modeling_dicmt", "data_scripts", "experiments", "benchmarks")

# What the files of each floor may import, besides their own floor's. The flat files are those that travel with a
# checkpoint; the commands of data_scripts are what those at the root are.
BELOW = {
    "flat": (),
    "commands": ("flat",),
    "publishing": ("flat", "commands"),
    "evaluation": ("flat", "commands"),
    "onnx": ("flat", "commands"),
    "spacy": ("flat", "commands"),
    "pages": ("flat", "evaluation"),
    "mining": ("flat", "commands", "evaluation"),
    "deidentification": ("flat",),
    "annotation": ("flat", "commands", "evaluation"),
    "app": ("flat", "commands", "evaluation", "pages", "deidentification"),
    "training": ("flat", "commands", "publishing", "evaluation", "pages"),
    "data_scripts": ("flat",),
    "scripts": (
        "flat",
        "commands",
        "publishing",
        "evaluation",
        "onnx",
        "spacy",
        "pages",
        "mining",
        "deidentification",
        "annotation",
        "app",
        "training",
        "data_scripts",
    ),
}
BELOW |= {name: (*BELOW["scripts"], "scripts", "benchmarks") for name in ("experiments", "benchmarks")}


def modules() -> dict[str, Path]:
    """Every module of the project by its dotted name."""
    paths = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")] + [
        *ROOT.glob("run_*.py"),
        ROOT / "app.py",
    ]
    named = {}
    for path in paths:
        parts = path.relative_to(ROOT).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


MODULES = modules()


def floor(module: str) -> str:
    top, *rest = module.split(".")
    if top.startswith("run_") or module in ("app", "data_scripts.__main__", "data_scripts.term_commands"):
        return "scripts"
    if top != "modeling_dicmt":
        return top
    is_folder = MODULES[module].name == "__init__.py"
    return rest[0] if len(rest) > 1 or (rest and is_folder) else "flat"


def imports(module: str) -> Iterator[str]:
    """Modules of the project that a module imports, within functions as well."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [item.name for item in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{base}.{item.name}" if f"{base}.{item.name}" in MODULES else base for item in node.names]
        else:
            continue
        yield from (name for name in names if name in MODULES)


GRAPH = {module: sorted(set(imports(module))) for module in MODULES}


def test_no_import_runs_upwards():
    upwards = [
        f"{module} ({floor(module)}) imports {other} ({floor(other)})"
        for module, others in GRAPH.items()
        for other in others
        if floor(other) != floor(module) and floor(other) not in BELOW[floor(module)]
    ]
    assert not upwards


def test_no_modules_import_each_other_in_a_circle():
    finished: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join([*path[path.index(module) :], module])
        if module not in finished:
            for other in GRAPH[module]:
                visit(other, (*path, module))
            finished.add(module)

    for module in GRAPH:
        visit(module, ())


def test_flat_files_import_as_files_that_travel_must():
    """transformers copies what `from .name import …` names: no folder, no name of the package itself."""
    for module, path in MODULES.items():
        if floor(module) != "flat" or path.name == "__init__.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                assert node.level == 1 and node.module and "." not in node.module, f"{module}: line {node.lineno}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_has_a_floor(module):
    assert floor(module) in BELOW
