"""What is to be compared, read from small YAML files: systems (`systems.yaml`), tables (`specifications/`), presets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from data_scripts.arguments import DataArguments
from modeling_dicmt.training.arguments import ModelArguments, TrainingArguments
from modeling_dicmt.training.self_training_arguments import SelfTrainingArguments

from .baselines.networks import BaselineModelArguments, BaselineTrainingArguments

FOLDER = Path(__file__).parent
SYSTEMS_FILE = FOLDER / "systems.yaml"
PRESETS_FILE = FOLDER / "presets.yaml"
SPECIFICATIONS = FOLDER / "specifications"

KINDS = {
    "network": "run_ner.py with these settings",
    "baseline_network": "the same training of a network with a baseline's layers (baselines/networks.py)",
    "typed_crfs": "the same training of a network with a CRF for each entity type (baselines/typed_crfs.py)",
    "feature_crf": "a linear-chain CRF over hand-made features",
    "rules": "rules and a dictionary",
    "spacy": "spaCy's entity recogniser",
    "vote": "majority vote over the entities that its members find",
    "known_terms": "what its member has trained, given known terms at prediction",
}
# What a run leaves of its training, by the kinds that can be given terms then: a file or folder in the run's folder.
MODEL_OF_KIND = {
    "network": "model.safetensors",
    "baseline_network": "model.safetensors",
    "rules": "lexicon.json",
    "spacy": "spacy",
}
VIEWS = (
    "statistics",
    "scores",
    "segmentation",
    "by_training_count",
    "by_type",
    "radicals",
    "curve",
    "confusion",
    "errors",
    "contradictions",
    "known_terms",
)
# Where the settings of each kind of network are declared.
NETWORK_ARGUMENTS = {
    "network": (DataArguments, ModelArguments, SelfTrainingArguments, TrainingArguments),
    "baseline_network": (DataArguments, BaselineModelArguments, SelfTrainingArguments, BaselineTrainingArguments),
    "typed_crfs": (DataArguments, ModelArguments, TrainingArguments),
}
DATA_FIELDS = frozenset(item.name for item in fields(DataArguments))
# What a system may need from the command line, by the name that its settings give it.
RESOURCES = ("encoder", "domain_encoder", "character_vectors", "pretrained", "unlabelled")
# What a table of scores may show beyond precision, recall and F1.
FURTHER_COLUMNS = ("unseen_recall", "outer_f1", "inner_f1", "outer_recall", "inner_recall", "training_minutes")


class SpecificationError(ValueError):
    """A specification says something that is not understood; the message names the file, the place and the remedy."""


@dataclass(frozen=True)
class System:
    """A way to recognise entities.

    Args:
        name: Its name in tables and files.
        title: What a reader is shown.
        kind: One of `KINDS`.
        source: Where the method is described, for a baseline.
        settings: Settings beyond the defaults: those of `run_ner.py` for a network, the adapter's own otherwise. null
            leaves a setting out (`dictionary: null` is a system without the dictionary). `$encoder` and the other
            `RESOURCES` stand for what the command line gives.
        members: Systems that vote, or the one that is given known terms.
        seeds: "all" of the preset's seeds, "baseline" for its fewer ones, "one" for a method without chance.
        note: What a reader must know, say where the configuration departs from the description.
    """

    name: str
    title: str
    kind: str = "network"
    source: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    seeds: str = "all"
    note: str = ""

    @property
    def resources(self) -> set[str]:
        """Names of what its settings take from the command line."""
        values = (value for value in self.settings.values() if isinstance(value, str))
        return {value[1:] for value in values if value.startswith("$")}


@dataclass(frozen=True)
class Row:
    """A line of a table, or a point of a curve.

    Args:
        system: Name of the system.
        title: What this table calls it; default: the system's title.
        x: Where the point is, on a curve.
        series: The line that the point is part of, where a figure has several.
    """

    system: str
    title: str = ""
    x: float | None = None
    series: str = ""


@dataclass(frozen=True)
class Table:
    """A table or figure of the report.

    Args:
        name: The specification's file, without its ending.
        title: Heading.
        show: One of `VIEWS`.
        rows: Systems to show; none where the corpus alone is shown.
        reference: System that the others are tested against (paired bootstrap).
        x_label: What a curve is over.
        types: Entity types to show; default all of the corpus.
        columns: Further columns of a table of scores, of `FURTHER_COLUMNS`.
        note: Said under the heading.
    """

    name: str
    title: str
    show: str
    rows: tuple[Row, ...] = ()
    reference: str = ""
    x_label: str = ""
    types: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Preset:
    """How much is spent on each run.

    Args:
        name: Its name.
        description: What it is for.
        settings: Settings of `run_ner.py`: those of the data for all systems, the others for all networks. A system's
            own come after them.
        spacy_epochs: Epochs of the spaCy system.
        seeds: Seeds of DicMT and its variants.
        baseline_seeds: Seeds of the baselines.
        untrained_encoder: Whether a small encoder with random weights stands in for one that was not given.
    """

    name: str
    description: str
    settings: Mapping[str, Any]
    seeds: tuple[int, ...]
    baseline_seeds: tuple[int, ...]
    spacy_epochs: int = 12
    untrained_encoder: bool = False

    @property
    def data_settings(self) -> dict[str, Any]:
        """Its settings of what is read."""
        return {name: value for name, value in self.settings.items() if name in DATA_FIELDS}

    @property
    def network_settings(self) -> dict[str, Any]:
        """Its settings of networks and their training."""
        return {name: value for name, value in self.settings.items() if name not in DATA_FIELDS}


@dataclass(frozen=True)
class Specification:
    """Tables and the systems that they name."""

    tables: tuple[Table, ...]
    systems: Mapping[str, System]

    def needed(self) -> list[str]:
        """Names of the systems that the tables show or whose votes they need, members first, each once."""
        order: dict[str, None] = {}

        def add(name: str) -> None:
            for member in self.systems[name].members:
                add(member)
            order.setdefault(name)

        for table in self.tables:
            for name in [row.system for row in table.rows] + ([table.reference] if table.reference else []):
                add(name)
        return list(order)


def available_specifications() -> dict[str, Path]:
    """The specifications that come with the project, by name."""
    return {path.stem: path for path in sorted(SPECIFICATIONS.glob("*.yaml"), key=_order)}


def read_specifications(names: Sequence[str]) -> Specification:
    """Read specifications by name (`all` for all that come with the project) or by path.

    A file of one's own may add `systems:`, in the form of `systems.yaml`, to those that come with the project.

    Raises:
        SpecificationError: If there is no such specification, or one has an unknown key, system, setting or view.
    """
    known = available_specifications()
    paths: dict[Path, None] = {}
    for name in names:
        if name == "all":
            paths |= dict.fromkeys(known.values())
        elif name in known:
            paths[known[name]] = None
        elif name.endswith((".yaml", ".yml")) and Path(name).is_file():
            paths[Path(name)] = None
        else:
            raise SpecificationError(
                f"There is no specification {name!r}: it is neither a YAML file nor one of {', '.join(known)}, all."
            )
    systems = _read_systems(_load(SYSTEMS_FILE), str(SYSTEMS_FILE.name))
    tables = []
    for path in paths:
        content = dict(_load(path))
        own = _read_systems(content.pop("systems", {}), f"{path}, systems")
        repeated = sorted(set(own) & set(systems))
        if repeated:
            raise SpecificationError(
                f"{path}: {', '.join(repeated)} is a system of {SYSTEMS_FILE.name}: give yours another name."
            )
        systems |= own
        tables.append(_read_table(content, path))
    _check_references(tables, systems)
    return Specification(tuple(tables), systems)


def read_preset(name: str) -> Preset:
    """One of the presets of `presets.yaml`.

    Raises:
        SpecificationError: If there is no such preset, or the file has an unknown key.
    """
    presets = _load(PRESETS_FILE)
    if name not in presets:
        raise SpecificationError(f"There is no preset {name!r}: there are {', '.join(presets)}.")
    content = _checked(presets[name], Preset, f"{PRESETS_FILE.name}, {name}", without=("name",))
    content |= {key: tuple(content[key]) for key in ("seeds", "baseline_seeds")}
    _check_settings(content["settings"], f"{PRESETS_FILE.name}, {name}")
    return Preset(name=name, **content)


def available_presets() -> list[str]:
    """Names of the presets."""
    return list(_load(PRESETS_FILE))


def check_types(specification: Specification, entity_types: Sequence[str], dataset_name: str) -> None:
    """Check that a corpus has the entity types that tables and the systems that they need name.

    Raises:
        SpecificationError: If it lacks one.
    """
    named = {table.name: table.types for table in specification.tables}
    for name in specification.needed():
        named[name] = tuple(specification.systems[name].settings.get("dictionary_precedence") or ())
    for name, types in named.items():
        lacking = [kind for kind in types if kind not in entity_types]
        if lacking:
            raise SpecificationError(
                f"{name}: {dataset_name} has no entity type {', '.join(lacking)}; it has {', '.join(entity_types)}."
            )


def _read_systems(content: Any, where: str) -> dict[str, System]:
    systems = {}
    for name, entry in _as_mapping(content, where).items():
        place = f"{where}, {name}"
        values = _checked(entry, System, place, without=("name",))
        values["members"] = tuple(values.get("members") or ())
        values["settings"] = _as_mapping(values.get("settings") or {}, f"{place}, settings")
        system = System(name=str(name), **values)
        if system.kind not in KINDS:
            raise SpecificationError(f"{place}: there is no kind {system.kind!r}; there are {', '.join(KINDS)}.")
        if system.seeds not in ("all", "baseline", "one"):
            raise SpecificationError(f"{place}: seeds are 'all', 'baseline' or 'one', got {system.seeds!r}.")
        if (system.kind in ("vote", "known_terms")) != bool(system.members):
            raise SpecificationError(f"{place}: members are for the kinds 'vote' and 'known_terms', which need them.")
        if system.kind == "known_terms" and (len(system.members) != 1 or system.settings):
            raise SpecificationError(f"{place}: the kind 'known_terms' takes one member, whose settings it shares.")
        if system.kind in NETWORK_ARGUMENTS:
            _check_settings(system.settings, place, system.kind)
        unknown = sorted(system.resources - set(RESOURCES))
        if unknown:
            raise SpecificationError(
                f"{place}: ${unknown[0]} is nothing that the command line gives; there are "
                f"{', '.join(f'${name}' for name in RESOURCES)}."
            )
        systems[system.name] = system
    return systems


def _read_table(content: Mapping[str, Any], path: Path) -> Table:
    values = _checked(content, Table, str(path), without=("name",))
    if values["show"] not in VIEWS:
        raise SpecificationError(f"{path}: show is one of {', '.join(VIEWS)}, got {values['show']!r}.")
    rows = []
    for row in values.get("rows") or ():
        given = {"system": row} if isinstance(row, str) else row
        rows.append(Row(**_checked(given, Row, f"{path}, rows")))
    if values["show"] == "curve" and any(row.x is None for row in rows):
        raise SpecificationError(f"{path}: each row of a curve needs its x.")
    columns = tuple(values.get("columns") or ())
    unknown = [name for name in columns if values["show"] != "scores" or name not in FURTHER_COLUMNS]
    if unknown:
        raise SpecificationError(
            f"{path}: {unknown[0]!r} is no further column; a table that shows scores has {', '.join(FURTHER_COLUMNS)}."
        )
    values |= {"rows": tuple(rows), "types": tuple(values.get("types") or ()), "columns": columns}
    return Table(name=path.stem, **values)


def _check_references(tables: Iterable[Table], systems: Mapping[str, System]) -> None:
    for table in tables:
        for name in [row.system for row in table.rows] + ([table.reference] if table.reference else []):
            if name not in systems:
                raise SpecificationError(f"{table.name}: there is no system {name!r}; there are {', '.join(systems)}.")
            if table.show == "known_terms" and systems[name].kind != "known_terms":
                raise SpecificationError(
                    f"{table.name}: known_terms shows systems of that kind, which {name!r} is not."
                )
    for system in systems.values():
        for name in system.members:
            kind = systems[name].kind if name in systems else None
            if system.kind == "vote" and kind in (None, "vote", "known_terms"):
                raise SpecificationError(f"{system.name}: {name!r} is no system that can vote.")
            if system.kind == "known_terms" and kind not in MODEL_OF_KIND:
                raise SpecificationError(
                    f"{system.name}: {name!r} is no system that can be given terms; kinds that can are "
                    f"{', '.join(MODEL_OF_KIND)}."
                )


def settings_marked(mark: str) -> frozenset[str]:
    """Names of the settings of networks whose field has a mark: "free" or "private", as `DataclassParser` says."""
    return frozenset(
        item.name
        for of_class in NETWORK_ARGUMENTS["baseline_network"]
        for item in fields(of_class)
        if item.metadata.get(mark)
    )


def _check_settings(settings: Mapping[str, Any], where: str, kind: str = "network") -> None:
    known = {item.name for of_class in NETWORK_ARGUMENTS[kind] for item in fields(of_class)}
    # These are the runner's own.
    known -= {"dataset_name", "data_dir", "output_dir", "seed", "overwrite_output_dir", "push_to_hub"}
    unknown = sorted(set(settings) - known)
    if unknown:
        raise SpecificationError(
            f"{where}: {', '.join(unknown)} is no setting of run_ner.py that an experiment may change; there are "
            f"{', '.join(sorted(known))}."
        )


def _checked(content: Any, kind: type, where: str, without: Sequence[str] = ()) -> dict[str, Any]:
    """The entries of a mapping, if each is a field of the dataclass and none that it needs is missing."""
    content = dict(_as_mapping(content, where))
    expected = {item.name: item for item in fields(kind) if item.name not in without}
    unknown = sorted(str(key) for key in set(content) - set(expected))
    if unknown:
        raise SpecificationError(f"{where}: unknown key {', '.join(unknown)}; there are {', '.join(expected)}.")
    needed = [name for name, item in expected.items() if item.default is MISSING and item.default_factory is MISSING]
    missing = [name for name in needed if content.get(name) is None]
    if missing:
        raise SpecificationError(f"{where}: {', '.join(missing)} is missing.")
    return content


def _as_mapping(content: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        raise SpecificationError(f"{where}: expected names and values, got {content!r}.")
    return content


def _load(path: Path) -> Mapping[str, Any]:
    try:
        return _as_mapping(yaml.safe_load(path.read_text(encoding="utf-8")), str(path))
    except UnicodeDecodeError as error:
        raise SpecificationError(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8.") from error
    except yaml.YAMLError as error:
        raise SpecificationError(f"{path} is not YAML: {' '.join(str(error).split())}.") from error


def _order(path: Path) -> tuple[int, str, int]:
    """The paper's tables and figures by their numbers, then the rest."""
    letters = path.stem.rstrip("0123456789")
    rank = {"table": 0, "figure": 1}.get(letters, 2)
    return rank, letters, int(path.stem[len(letters) :] or 0)
