"""Specifications → the runs that they need, each distinct one once, and whether it can be done here."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers import AutoConfig

from data_scripts.arguments import DataArguments
from data_scripts.records import Records
from data_scripts.unlabelled.sources import find_sources
from modeling_dicmt.commands.checkpoint import load_pretrained
from modeling_dicmt.dictionary import ClinicalDictionary
from modeling_dicmt.training.arguments import ModelArguments
from modeling_dicmt.training.preparation import read_character_vectors

from .specification import (
    DATA_FIELDS,
    NETWORK_ARGUMENTS,
    Preset,
    Specification,
    SpecificationError,
    System,
    settings_marked,
)

# What a kind of system needs to have installed.
EXTRAS = {"feature_crf": "pycrfsuite", "spacy": "spacy"}
# Settings that name places on this machine: their content counts.
_PLACES = settings_marked("private")
# Settings that do not count: what changes nothing about the figures, and where and how data are read that count.
_FREE = settings_marked("free") | {"dataset_name", "data_dir", "dictionary_encoding"}
# Settings as they were named when results were first committed: these runs keep their identity.
_FORMER_NAMES = {"tag_decoder": "decoder"}
# What networks were like then unless told otherwise, where run_ner.py's default is another now: these values do not
# count, and the default does.
_FORMER_DEFAULTS = {"vetted_terms": False, "segmentation_loss_weight": 2.0, "recognition_loss_weight": 3.0}


@dataclass(frozen=True, eq=False)
class Run:
    """One training and evaluation of a system, one vote, or one evaluation of a system with known terms.

    Args:
        system: The system.
        seed: Its seed.
        identity: Hash of all that its figures follow from: settings, corpus, dictionary, seed; not of any path.
        settings: What the command is given, paths included.
        public_settings: The same for a reader, with names in the place of paths.
        members: Runs that vote, or the one that has trained what is given known terms.
        missing: What keeps it from being done here, for a reader; empty if nothing does.
    """

    system: System
    seed: int
    identity: str
    settings: Mapping[str, Any]
    public_settings: Mapping[str, Any]
    members: tuple["Run", ...] = ()
    missing: str = ""

    @property
    def name(self) -> str:
        """Name of its folder and of its results."""
        return f"{self.system.name}-seed{self.seed}-{self.identity[:8]}"


@dataclass(frozen=True)
class Plan:
    """The runs of some specifications on one corpus.

    Args:
        specification: Tables and systems.
        preset: Its preset.
        corpus: Hash of the corpus's records.
        runs: Distinct runs, members before votes.
        run_of: The run of each system and seed.
        stand_ins: Names of resources for which something untrained stands in.
    """

    specification: Specification
    preset: Preset
    corpus: str
    runs: tuple[Run, ...]
    run_of: Mapping[str, Mapping[int, Run]]
    stand_ins: frozenset[str] = frozenset()

    def note(self, name: str) -> str:
        """What a reader must know of a system."""
        system = self.specification.systems[name]
        needed = system.resources.union(*(self.specification.systems[member].resources for member in system.members))
        untrained = [f"an untrained {resource} stands in" for resource in sorted(needed & self.stand_ins)]
        return "; ".join([*([system.note] if system.note else []), *untrained])


def make_plan(
    specification: Specification,
    preset: Preset,
    data: DataArguments,
    parts: Mapping[str, Records],
    *,
    settings: Mapping[str, Any] | None = None,
    resources: Mapping[str, str | list[str]] | None = None,
    seeds: Sequence[int] | None = None,
    skip: Sequence[str] = (),
    stand_ins: Sequence[str] = (),
) -> Plan:
    """Decide what has to be run.

    Args:
        specification: Tables and systems.
        preset: Settings and seeds.
        data: The corpus and the dictionary.
        parts: The corpus's records.
        settings: Settings for all networks, in place of the preset's.
        resources: Paths or names of encoders, vectors and the like, by the names of `RESOURCES`.
        seeds: Seeds in place of the preset's, for systems that have several.
        skip: Names of systems that are not to be run.
        stand_ins: Names of the resources that are untrained stand-ins.

    Raises:
        SpecificationError: If a package is not installed that a system needs, or `skip` names no system.
    """
    needed = specification.needed()
    unknown = sorted(set(skip) - set(specification.systems))
    if unknown:
        raise SpecificationError(f"--skip {unknown[0]}: there is no such system.")
    _check_installed([specification.systems[name] for name in needed if name not in skip])
    planner = _Planner(preset, data, _fingerprint(parts), dict(settings or {}), dict(resources or {}))
    run_of: dict[str, dict[int, Run]] = {}
    distinct: dict[str, Run] = {}
    for name in needed:
        system = specification.systems[name]
        for seed in _seeds_of(system, preset, seeds):
            members = []
            for member in system.members:
                of_member = run_of[member]
                members.append(of_member.get(seed) or next(iter(of_member.values())))
            run = planner.run(system, seed, tuple(members), name in skip)
            run_of.setdefault(name, {})[seed] = distinct.setdefault(run.identity, run)
    return Plan(specification, preset, planner.corpus, tuple(distinct.values()), run_of, frozenset(stand_ins))


class _Planner:
    def __init__(
        self,
        preset: Preset,
        data: DataArguments,
        corpus: str,
        settings: Mapping[str, Any],
        resources: Mapping[str, str | list[str]],
    ):
        self.preset, self.data, self.corpus = preset, data, corpus
        self.settings, self.resources = settings, resources
        given = {name: value for name, value in asdict(data).items() if value != getattr(_UNSET, name)}
        self.data_settings = {"dataset_name": data.dataset_name, **given}
        self.contents: dict[str, str] = {}

    def run(self, system: System, seed: int, members: tuple[Run, ...], skipped: bool) -> Run:
        explicit: dict[str, Any] = {}
        if system.kind in NETWORK_ARGUMENTS:
            explicit = {**self.preset.network_settings, **self.settings}
        elif system.kind == "spacy":
            explicit["num_train_epochs"] = self.settings.get("num_train_epochs", self.preset.spacy_epochs)
        explicit |= system.settings
        lacking = sorted(name for name in system.resources if name not in self.resources)
        missing = "left out by --skip" if skipped else ""
        if lacking:
            missing = f"--{lacking[0]} was not given"
        for member in members:
            missing = missing or (
                f"its member {member.system.name} is not run: {member.missing}" * bool(member.missing)
            )
        if "dictionary" in explicit and explicit["dictionary"] is None:
            explicit["dictionary_mapping"] = None  # it would name lists that nobody has
        for name, value in self.data_settings.items():
            explicit.setdefault(name, value)
        if system.kind == "vote":  # it has no settings: all that counts is who votes
            explicit = {}
        elif system.kind == "known_terms":  # of its member, what says which records there are
            explicit = {name: value for name, value in members[0].settings.items() if name in DATA_FIELDS}
        settings, public, content = {}, {}, {}
        if system.kind in NETWORK_ARGUMENTS:
            content = {name: _DEFAULTS[name] for name in _FORMER_DEFAULTS if name not in explicit}
        for name, value in explicit.items():
            resource = value[1:] if isinstance(value, str) and value.startswith("$") else None
            settings[name] = self.resources.get(resource) if resource else value
            is_place = value is not None and (resource is not None or name in _PLACES)
            public[name] = (resource or name).upper() if is_place else value
            if name not in _FREE and value is not None and (name, value) not in _FORMER_DEFAULTS.items():
                # What is not given keeps its name, or two systems without it would pass for the same.
                is_given = is_place and settings[name] is not None
                content[_FORMER_NAMES.get(name, name)] = self._content(name, settings[name]) if is_given else value
        what = {
            # Baselines' networks were run_ner.py's own when results were first committed.
            "kind": "network" if system.kind == "baseline_network" else system.kind,
            "settings": content,
            "corpus": [self.data.dataset_name, self.corpus],  # its types and lists, and its records
            "members": [member.identity for member in members],
            "seed": None if system.seeds == "one" else seed,
        }
        identity = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]
        return Run(system, seed, identity, settings, public, members, missing)

    def _content(self, name: str, place: str | list[str]) -> str | list[str]:
        """Hash of what is read from a place, once: a dictionary's terms, however they are stored, or files."""
        if isinstance(place, list):
            return [self._content(name, one) for one in place]
        if place not in self.contents:
            self.contents[place] = (
                ClinicalDictionary.from_path(place, encoding=self.data.dictionary_encoding).fingerprint
                if name == "dictionary"
                else fingerprint(place)
            )
        return self.contents[place]


_UNSET = DataArguments(dataset_name="sample")
_DEFAULTS = asdict(ModelArguments())


def check_resources(resources: Mapping[str, str | list[str]]) -> None:
    """Check that encoders, vectors and pre-trained networks can be read, and that there are unlabelled records.

    Raises:
        SpecificationError: If one cannot.
    """
    for name, value in resources.items():
        try:
            if name == "character_vectors":
                read_character_vectors(value)
            elif name == "pretrained":
                load_pretrained(value)
            elif name == "unlabelled":
                find_sources(value)
            else:
                AutoConfig.from_pretrained(value)
        except (OSError, ValueError, KeyError) as error:
            shown = " ".join(value) if isinstance(value, list) else value
            raise SpecificationError(f"--{name} {shown} cannot be read: {error}") from error


def restrict(data: DataArguments, preset: Preset) -> DataArguments:
    """The corpus as a preset has it: its settings of data count where the command line says nothing."""
    given = {
        name: value for name, value in preset.data_settings.items() if getattr(data, name) == getattr(_UNSET, name)
    }
    return replace(data, **given)


def _seeds_of(system: System, preset: Preset, seeds: Sequence[int] | None) -> Sequence[int]:
    if system.seeds == "one":
        return preset.seeds[:1]
    if seeds:
        return seeds
    return preset.seeds if system.seeds == "all" else preset.baseline_seeds


def _check_installed(systems: Sequence[System]) -> None:
    for system in systems:
        package = EXTRAS.get(system.kind)
        if package and find_spec(package) is None:
            raise SpecificationError(
                f"{system.title} needs the package {package}, which is not installed: "
                f'pip install -e ".[experiments]", or leave it out with --skip {system.name}.'
            )


def _fingerprint(parts: Mapping[str, Records]) -> str:
    """Hash of what training and scoring read of the records."""
    digest = hashlib.sha256()
    for part, records in sorted(parts.items()):
        for record in records:
            entities = sorted((entity["start"], entity["end"], entity["type"]) for entity in record["entities"])
            digest.update(json.dumps([part, record["text"], entities]).encode())
    return digest.hexdigest()[:16]


def fingerprint(path: str) -> str:
    """Hash of a file's, or of all of a folder's files' content; of the name, if it is a name on the Hub."""
    digest = hashlib.sha256()
    place = Path(path)
    if not place.exists():
        digest.update(path.encode())
    for file in [place] if place.is_file() else sorted(item for item in place.rglob("*") if item.is_file()):
        digest.update(file.name.encode())
        of_file = hashlib.sha256()
        with open(file, "rb") as content:
            while block := content.read(1 << 20):
                of_file.update(block)
        digest.update(of_file.digest())
    return digest.hexdigest()[:16]
