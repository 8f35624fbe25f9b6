"""Which dictionary lists are evidence for which entity type: the default of each corpus, or a user's own file."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from modeling_dicmt.dictionary_features import check_lists_of_type
from modeling_dicmt.dictionary_files import DictionaryError
from modeling_dicmt.files import read_json

from .label_sets import LABEL_SETS


def default_lists_of_type(
    entity_types: Sequence[str], lists: Iterable[str] = (), corpus: str | None = None
) -> dict[str, tuple[str, ...]]:
    """Lists of each entity type as `LABEL_SETS` has them, and lists that are named like the type.

    Args:
        entity_types: Names of the entity types.
        lists: Names of the dictionary's lists.
        corpus: A key of `LABEL_SETS`. A type that it lacks, or of any other corpus, has the lists of the type of its
            name, or of that corpus's label (疾病和诊断), in the first label set that has one with lists; else the names
            alone decide.

    Returns:
        For each type in order its lists, possibly none. Lists are compared regardless of case: the list `Drug` serves
        where the label set says `drug`.
    """
    label_set = {entity_type.name: entity_type for entity_type in LABEL_SETS.get(corpus or "", ())}
    listed = [entity_type for types in LABEL_SETS.values() for entity_type in types if entity_type.lists]
    for entity_type in listed:
        label_set.setdefault(entity_type.name, entity_type)
    for entity_type in listed:
        label_set.setdefault(entity_type.corpus_label, entity_type)
    lists = tuple(lists)
    lists_of_type = {}
    for name in entity_types:
        known = label_set.get(name)
        table = known.lists if known else ()
        wanted = {item.casefold() for item in (name, *table, *([known.name, known.corpus_label] if known else []))}
        alike = [item for item in lists if item.casefold() in wanted and item not in table]
        lists_of_type[name] = (*table, *alike)
    return lists_of_type


def read_lists_of_type(
    path: str | os.PathLike, entity_types: Sequence[str], lists: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Read a user's mapping: a JSON object `{entity type: [lists]}`; types that it leaves out get no list.

    Args:
        path: The file.
        entity_types: Names of the entity types.
        lists: Names of the dictionary's lists.

    Raises:
        DictionaryError: If the file is no such object, or names an unknown type or list; says which there are.
    """
    path = Path(path)
    lists = set(lists)
    content = read_json(path, DictionaryError)
    if not isinstance(content, dict) or not all(
        isinstance(names, list) and all(isinstance(name, str) for name in names) for names in content.values()
    ):
        raise DictionaryError(f'{path}: expected an object {{"entity type": ["list", …]}}.')
    check_lists_of_type(content, entity_types, str(path))
    unknown = sorted({name for names in content.values() for name in names} - lists)
    if unknown:
        raise DictionaryError(
            f"{path}: the dictionary has no list {', '.join(unknown)}; its lists are {', '.join(sorted(lists))}."
        )
    return {entity_type: tuple(content.get(entity_type, ())) for entity_type in entity_types}
