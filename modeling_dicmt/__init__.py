"""DicMT: recognition of medical entities in Chinese clinical records.

Names are imported when they are first used, so that a part of the package does not load all of it. The classes are
registered with transformers' Auto classes as soon as both are there: a checkpoint then loads without
`trust_remote_code`.
"""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_MODULE_OF = {
    "ClinicalDictionary": ".dictionary",
    "DicMTConfig": ".configuration_dicmt",
    "DicMTForNestedEntities": ".modeling_dicmt_nested",
    "DicMTForTokenClassification": ".modeling_dicmt",
    "DicMTModel": ".modeling_dicmt",
    "DicMTNestedConfig": ".configuration_dicmt_nested",
    "DicMTPipeline": ".pipeline_dicmt",
    "DicMTTokenizer": ".tokenization_dicmt",
    "DictionaryMatcher": ".dictionary_features",
    "EntityRecognizer": ".recognition",
    "LinearChainCRF": ".crf",
    "OnnxPipeline": ".onnx.pipeline",
    "RadicalTable": ".radicals",
    "Span": ".tagging",
    "TorchTagger": ".torch_tagger",
    "character_vocabulary": ".tokenization_dicmt",
    "predict_entities": ".torch_tagger",
    "score_entities": ".evaluation.clinical_ner",
}

__version__ = "0.1.0"
__all__ = sorted(_MODULE_OF)


def lazy_names(package: str, module_of: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package whose names are imported when they are first used.

    Args:
        package: The package's name.
        module_of: The module of each name, relative to the package.
    """

    def get(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(module_of[name], package), name)

    return get, lambda: sorted({*vars(sys.modules[package]), *module_of})


_get, __dir__ = lazy_names(__name__, _MODULE_OF)


def __getattr__(name: str) -> Any:
    value = _get(name)
    _register_what_is_there()
    return value


# The modules of the Auto classes. Importing them takes seconds, which whoever needs no network is spared.
_CONFIGURATIONS, _NETWORKS, _TOKENIZERS = (
    f"transformers.models.auto.{name}_auto" for name in ("configuration", "modeling", "tokenization")
)
_NETWORK_OF = {"DicMTConfig": "DicMTForTokenClassification", "DicMTNestedConfig": "DicMTForNestedEntities"}
_UNREGISTERED = {_CONFIGURATIONS, _NETWORKS, _TOKENIZERS}
# Our own modules, whose import may be what brings theirs, and is then not over when theirs is.
_OWN = {
    f"{__name__}.{name}"
    for name in (
        "configuration_dicmt",
        "configuration_dicmt_nested",
        "modeling_dicmt",
        "modeling_dicmt_nested",
        "tokenization_dicmt",
    )
}


def _register(auto_module: str) -> None:
    """Make the Auto classes of a module, which is imported, know DicMT's."""
    auto = sys.modules[auto_module]
    # Ours may be half imported right now, or lack torchcrf: neither is to break the import of transformers' own.
    with suppress(ImportError, AttributeError):
        for name, network_name in _NETWORK_OF.items():
            config = _get(name)
            if auto_module == _CONFIGURATIONS:
                auto.AutoConfig.register(config.model_type, config, exist_ok=True)
            elif auto_module == _NETWORKS:
                for auto_class in (auto.AutoModel, auto.AutoModelForTokenClassification):
                    auto_class.register(config, _get(network_name), exist_ok=True)
            else:
                tokenizer = _get("DicMTTokenizer")
                auto.AutoTokenizer.register(config, fast_tokenizer_class=tokenizer, exist_ok=True)
        _UNREGISTERED.discard(auto_module)


class _WhenImported(MetaPathFinder, Loader):
    """Registers the classes as soon as the Auto classes and ours are imported, wherever that comes from."""

    def __init__(self) -> None:
        self.loaders: dict[str, Loader] = {}

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in _UNREGISTERED | _OWN or name in self.loaders:
            return None
        self.loaders[name] = None  # the search that follows is not to come here again
        spec = find_spec(name)
        if spec is not None:
            self.loaders[name], spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loaders[spec.name].create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__.loader = module.__loader__ = self.loaders[module.__name__]
        module.__loader__.exec_module(module)
        _register_what_is_there()


def _register_what_is_there() -> None:
    for name in sorted(_UNREGISTERED & sys.modules.keys()):
        _register(name)


_register_what_is_there()
sys.meta_path.insert(0, _WhenImported())
