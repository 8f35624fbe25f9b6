"""What is packed, and what an installation of it offers, away from the repository."""

import configparser
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import modeling_dicmt

REPOSITORY = Path(__file__).parents[1]
COMMANDS = [
    *("dicmt-app", "dicmt-data", "dicmt-deidentify", "dicmt-export-onnx", "dicmt-pretrain", "dicmt-push"),
    *("dicmt-run-evaluate", "dicmt-run-ner", "dicmt-run-predict"),
]
BUILD = "import sys; from setuptools import build_meta; build_meta.{}(sys.argv[1])"
IGNORED = shutil.ignore_patterns(
    ".git", ".venv", "outputs", "shared", "build", "dist", "*.egg-info", "__pycache__", ".*"
)


def build(source: Path, what: str, folder: Path) -> Path:
    command = [sys.executable, "-c", BUILD.format(what), str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=120)
    return next(path for path in folder.iterdir() if path.suffix in (".gz", ".whl"))


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The source distribution, unpacked."""
    folder = tmp_path_factory.mktemp("source")
    shutil.copytree(REPOSITORY, folder / "repository", ignore=IGNORED)
    with tarfile.open(build(folder / "repository", "build_sdist", folder)) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.glob("dicmt-*/"))


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    return build(source, "build_wheel", tmp_path_factory.mktemp("wheel"))


@pytest.mark.slow
def test_the_source_distribution_had_four_of_the_tests(source):
    names = {path.name for path in source.iterdir()}
    assert "tests" not in names and not list(source.rglob("test_*.py"))
    assert {"README.md", "LICENSE", "NOTICE", "CHANGELOG.md", "model_card.md", "pyproject.toml"} <= names
    for folder in ("modeling_dicmt", "data_scripts"):
        expected = {
            path.relative_to(REPOSITORY) for path in (REPOSITORY / folder).rglob("*.*") if path.suffix != ".pyc"
        }
        assert {path.relative_to(source) for path in (source / folder).rglob("*.*")} == expected


@pytest.mark.slow
def test_a_wheel_holds_what_its_commands_need(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.partition("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"modeling_dicmt", "data_scripts", *(path.name for path in REPOSITORY.glob("run_*.py"))}
    data = {"modeling_dicmt/model_card.md", "modeling_dicmt/radicals.tsv", "data_scripts/sample_data/train.jsonl"}
    data |= {f"modeling_dicmt/pages/{name}" for name in ("page.css", "page.js", "records.html", "training.html")}
    assert data <= names


@pytest.mark.slow
def test_every_command_has_a_name_and_a_version(wheel, tmp_path):
    venv.create(tmp_path / "environment", with_pip=False)
    (packages,) = (tmp_path / "environment").rglob("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    entries = configparser.ConfigParser()
    entries.read(next(packages.glob("dicmt-*.dist-info")) / "entry_points.txt", encoding="utf-8")
    assert sorted(entries["console_scripts"]) == COMMANDS
    python = next((tmp_path / "environment").glob("[bS]*/python*"))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for command, target in entries["console_scripts"].items():
        module, function = target.split(":")
        code = f"import sys, {module}; print({module}.__file__); sys.argv[0] = '{command}'; {module}.{function}()"
        for option, expected in (("--help", "--version"), ("--version", f"DicMT {modeling_dicmt.__version__}")):
            finished = subprocess.run(
                [python, "-c", code, option],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert finished.returncode == 0, (command, finished.stderr)
            place, _, shown = finished.stdout.partition("\n")
            assert Path(place).is_relative_to(packages) and expected in shown, (command, shown[:300])


def test_the_version_is_that_of_the_package():
    assert re.fullmatch(r"\d+\.\d+\.\d+", modeling_dicmt.__version__)
    setup = (REPOSITORY / "setup.py").read_text(encoding="utf-8")
    assert modeling_dicmt.__version__ not in setup
