"""The component "dicmt" of spaCy's pipelines, which finds it by the entry point `spacy_factories` of setup.py.

spaCy may import the factories of every package whenever it looks for one: what takes seconds to import waits here until
a network is loaded.
"""

import logging
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from safetensors.numpy import load, save
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.pipeline.span_ruler import prioritize_existing_ents_filter
from spacy.tokens import Doc, Span, SpanGroup
from spacy.util import filter_spans, minibatch
from thinc.api import Config

from ..dictionary import as_dictionary
from ..files import replace_folder, restore_folder
from ..recognition_settings import read_not_terms, read_settings, read_terms

if TYPE_CHECKING:
    from ..recognition import EntityRecognizer
    from ..tokenization_dicmt import DicMTTokenizer

logger = logging.getLogger(__name__)

ALIGNMENTS = ("expand", "contract", "strict")

# What a saved component consists of, and what each has: a folder with other files is not ours to replace.
_OF_CHECKPOINT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.(json|safetensors|tsv|py)", re.ASCII)
_NEEDED = {"config.json", "tokenizer_config.json"}


@Language.factory(
    "dicmt",
    assigns=["doc.ents", "doc.spans", "token.ent_iob", "token.ent_type"],
    default_config={
        "model": None,
        "spans_key": "dicmt",
        "alignment": "expand",
        "overwrite_ents": False,
        "threshold": 0.0,
        "ignore_labels": [],
        "terms": None,
        "not_terms": None,
        "dictionary": None,
        "force": False,
        "evidence": False,
        "device": "cpu",
        "cpu_threads": None,
        "batch_characters": None,
    },
)
def make_component(
    nlp: Language,
    name: str,
    model: str | None,
    spans_key: str,
    alignment: Literal["expand", "contract", "strict"],
    overwrite_ents: bool,
    threshold: float,
    ignore_labels: list[str],
    terms: dict[str, list[str]] | None,
    not_terms: dict[str, list[str]] | list[str] | None,
    dictionary: dict[str, list[str]] | None,
    force: bool,
    evidence: bool,
    device: str,
    cpu_threads: int | None,
    batch_characters: int | None,
) -> "DicMTComponent":
    """What `nlp.add_pipe("dicmt", config={…})` calls; see `DicMTComponent` for the settings.

    Terms are given themselves, not as a path, so that a pipeline that comes from others reads no file of this machine.

    Raises:
        ValueError: If a setting is of no use, or spaCy's file of settings would not give terms back as they are.
    """
    _check_terms_last({"terms": terms, "not_terms": not_terms, "dictionary": dictionary})
    return DicMTComponent(
        name,
        model=model,
        spans_key=spans_key,
        alignment=alignment,
        overwrite_ents=overwrite_ents,
        device=device,
        cpu_threads=cpu_threads,
        threshold=threshold,
        ignore_labels=ignore_labels,
        terms=terms,
        not_terms=not_terms,
        dictionary=dictionary,
        force=force,
        evidence=evidence,
        batch_characters=batch_characters,
    )


class DicMTComponent(Pipe):
    """Recognises entities in spaCy's documents, whatever their tokens.

    A document then has, under the name `spans_key`:

    - `doc._.dicmt`: its entities to the character, as `DicMTPipeline` answers for `doc.text`;
    - `doc.spans["dicmt"]`: all of them as spans of tokens, nested ones too, in the same order; their scores are
      `attrs["scores"]`, as those of spaCy's span categoriser, and `attrs["entities"]` has each one's place in
      `doc._.dicmt`;
    - `doc.ents`: those of them that do not overlap, the longest first, then the earlier one; `ent._.dicmt` is the
      entity that it is.

    A document that is annotated again has the entities of the last time alone.

    An entity may begin or end within a token. It is then all tokens that it has a character of ("expand"), those that
    lie within it ("contract"), or none ("strict"); in `doc._.dicmt` it is as it was found. A warning says it once.

    The network is loaded by `from_disk`, or, from `model`, when it is first needed: a pipeline that was saved holds its
    own, and is to load where there is no `model`.

    Args:
        name: The component's name in its pipeline.
        model: Folder of a trained network, or its name on the Hub.
        spans_key: Name of the spans and of the extension attributes.
        alignment: What an entity is that does not begin and end where tokens do: one of `ALIGNMENTS`.
        overwrite_ents: Whether entities that other components put into `doc.ents` give way to overlapping ones from
            here, instead of the other way round.
        device: Where the network runs, say "cuda".
        cpu_threads: See `TorchTagger`.
        **settings: See `RecognitionSettings`.

    Raises:
        ValueError: If a setting is of no use, or another package's extension attribute has the name `spans_key`.
    """

    def __init__(
        self,
        name: str = "dicmt",
        *,
        model: str | os.PathLike | None = None,
        spans_key: str = "dicmt",
        alignment: str = "expand",
        overwrite_ents: bool = False,
        device: str = "cpu",
        cpu_threads: int | None = None,
        **settings: Any,
    ):
        if alignment not in ALIGNMENTS:
            raise ValueError(f"alignment must be one of {', '.join(ALIGNMENTS)}, got {alignment!r}.")
        self.name = name
        self.model, self.spans_key, self.alignment, self.overwrite_ents = model, spans_key, alignment, overwrite_ents
        self.device, self.cpu_threads = device, cpu_threads
        self.settings = read_settings(settings)
        # Read once: each document is a call of its own.
        for setting, read in (("terms", read_terms), ("not_terms", read_not_terms), ("dictionary", _read_dictionary)):
            if setting in self.settings:
                self.settings[setting] = read(self.settings[setting])
        self._recognizer: EntityRecognizer | None = None
        self._has_warned = False
        for kind in (Doc, Span):
            _declare(kind, spans_key)

    @property
    def recognizer(self) -> "EntityRecognizer":
        """The network with its tokenizer.

        Raises:
            ValueError: If there is none, or `model` is no whole checkpoint.
        """
        if self._recognizer is None:
            if self.model is None:
                raise ValueError(
                    f'The component {self.name!r} has no network: name a folder, config={{"model": DIR}}, or call '
                    "from_disk(DIR) of what add_pipe returns."
                )
            self._load(self.model)
        return self._recognizer

    @property
    def tokenizer(self) -> "DicMTTokenizer":
        """The network's, whose `terms` and `dictionary` may be replaced; `to_disk` keeps them."""
        return self.recognizer.tokenizer

    @property
    def labels(self) -> tuple[str, ...]:
        """The network's entity types; none before it is loaded, since spaCy asks for them while a pipeline loads."""
        return () if self._recognizer is None else tuple(self.tokenizer.entity_types)

    def initialize(self, get_examples: Any = None, *, nlp: Language | None = None) -> None:
        """Load the network now, as `nlp.initialize()` asks every component."""
        self.recognizer  # noqa: B018

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a document."""
        self._annotate([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Annotate documents in their order; what is batched are the sentences of `batch_size` of them."""
        handle_error = self.get_error_handler()
        for docs in minibatch(stream, batch_size):
            try:
                self._annotate(docs)
            except Exception as error:  # spaCy's rule: what becomes of them is the pipeline's handler's matter
                handle_error(self.name, self, docs, error)
            else:
                yield from docs

    def to_disk(self, path: str | os.PathLike, *, exclude: Iterable[str] = ()) -> None:
        """Write the network with its tokenizer, terms and dictionary: a checkpoint, which transformers reads as well.

        Args:
            path: The folder to make, or to replace if nothing but a saved component is in it.
            exclude: For spaCy; there is nothing to leave out.

        Raises:
            FileExistsError: If something else is there.
        """
        folder = Path(path)
        if folder.exists() and not _may_be_replaced(folder):
            raise FileExistsError(f"{folder} holds something else than a saved component: name a new folder.")
        replace_folder(folder, self._write)

    def from_disk(self, path: str | os.PathLike, *, exclude: Iterable[str] = ()) -> "DicMTComponent":
        """Read the network that `to_disk`, or a training, left in a folder; no code in it is run.

        Raises:
            FileNotFoundError: If there is no such folder; what it is called is never looked for on the Hub.
            ValueError: If it holds no whole checkpoint.
        """
        folder = Path(path).absolute()
        if not restore_folder(folder):
            raise FileNotFoundError(
                f"There is no folder {folder} with the component {self.name!r}: copy the pipeline anew, or name the "
                "folder that a training wrote."
            )
        self._load(folder)
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """What `to_disk` writes, the files by their names in the format of safetensors."""
        with TemporaryDirectory(prefix="dicmt-") as scratch:
            self._write(Path(scratch))
            return save({p.name: np.frombuffer(p.read_bytes(), np.uint8) for p in sorted(Path(scratch).iterdir())})

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> "DicMTComponent":
        """Read what `to_bytes` gave.

        Raises:
            ValueError: If it is something else.
        """
        try:
            files = load(bytes(data))
        except Exception as error:  # safetensors raises an error of its own, and numpy and Python theirs
            raise ValueError(f"These bytes are no component that to_bytes gave ({type(error).__name__}).") from error
        if not all(map(_OF_CHECKPOINT.fullmatch, files)):
            raise ValueError("These bytes hold files that are none of a checkpoint: they are not what to_bytes gave.")
        with TemporaryDirectory(prefix="dicmt-") as scratch:
            for name, content in files.items():
                Path(scratch, name).write_bytes(content.tobytes())
            self._load(scratch)
        return self

    def _load(self, path: str | os.PathLike) -> None:
        from ..commands.checkpoint import load_network, load_tokenizer
        from ..commands.devices import check_device
        from ..recognition import EntityRecognizer
        from ..torch_tagger import TorchTagger

        check_device(self.device, "device")
        network = load_network(os.fspath(path)).to(self.device)
        self._recognizer = EntityRecognizer(
            TorchTagger(network, cpu_threads=self.cpu_threads), load_tokenizer(os.fspath(path))
        )

    def _write(self, folder: Path) -> None:
        self.recognizer.tagger.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def _annotate(self, docs: Sequence[Doc]) -> None:
        # All are recognised before the first is changed: of a batch that fails none is annotated by half.
        found = self.recognizer([doc.text for doc in docs], self.settings)
        for doc, entities in zip(docs, found, strict=True):
            self._set(doc, entities)

    def _set(self, doc: Doc, entities: list[dict[str, Any]]) -> None:
        doc._.set(self.spans_key, entities)
        spans, places = [], []
        for place, entity in enumerate(entities):
            start, end = entity["start"], entity["end"]
            span = doc.char_span(start, end, entity["entity_group"], alignment_mode=self.alignment)
            if span:  # neither None nor without a token, as a blank is that follows one
                spans.append(span)
                places.append(place)
            if not span or (span.start_char, span.end_char) != (start, end):
                self._warn()
        scores = np.array([entities[place]["score"] for place in places])
        attributes = {"scores": scores, "entities": np.array(places, dtype=np.int64)}
        doc.spans[self.spans_key] = SpanGroup(doc, name=self.spans_key, attrs=attributes, spans=spans)
        self._set_ents(doc, spans, [entities[place] for place in places])

    def _set_ents(self, doc: Doc, spans: list[Span], entities: list[dict[str, Any]]) -> None:
        others = []
        for span in doc.ents:
            if span._.get(self.spans_key) is None:
                others.append(span)
            else:  # of an earlier call for the same document
                span._.set(self.spans_key, None)
        if self.overwrite_ents:
            chosen = prioritize_existing_ents_filter(filter_spans(spans), others)
        else:
            chosen = prioritize_existing_ents_filter(others, spans)
        doc.ents = chosen
        entity_of: dict[tuple[int, int, int], dict[str, Any]] = {}
        for span, entity in zip(spans, entities, strict=True):
            entity_of.setdefault((span.start, span.end, span.label), entity)
        for span in chosen:
            entity = entity_of.get((span.start, span.end, span.label))
            if entity is not None:
                span._.set(self.spans_key, entity)

    def _warn(self) -> None:
        if self._has_warned:
            return
        self._has_warned = True
        become = {
            "expand": "are all tokens that they have a character of",
            "contract": "are the tokens that lie within them, if any do",
            "strict": "are left out",
        }[self.alignment]
        logger.warning(
            "%s: some entities begin or end within a token. In doc.ents and doc.spans they %s (alignment %r); doc._.%s "
            "has them to the character.",
            self.name,
            become,
            self.alignment,
            self.spans_key,
        )


def _check_terms_last(terms: dict[str, Any]) -> None:
    """A pipeline is saved with its settings as text, in which $ and some characters of names mean something else."""
    settings = {"component": terms}
    try:
        text = Config(settings).to_str()
        is_same = "$" not in text and Config().from_str(text) == settings
    except Exception:  # of several kinds; what cannot be read back is what was asked
        is_same = False
    if not is_same:
        raise ValueError(
            "terms, not_terms or dictionary: spaCy's config.cfg would not give them back as they are, for a $ in a "
            "term or a sign such as = in a list's name. Give them to the network instead, which is saved with its own: "
            'nlp.get_pipe("dicmt").tokenizer.terms = {"drug": ["…"]}, and likewise .dictionary.'
        )


def _read_dictionary(terms: Any) -> Any:
    return as_dictionary(terms, "dictionary")


def _declare(kind: type[Doc] | type[Span], name: str) -> None:
    """Have documents or spans an attribute to write to, unless they do."""
    if not kind.has_extension(name):
        kind.set_extension(name, default=None)
    elif kind.get_extension(name) != (None, None, None, None):
        raise ValueError(
            f"{kind.__name__}._.{name} is an extension attribute of something else: pass another spans_key."
        )


def _may_be_replaced(folder: Path) -> bool:
    """Whether a path is an empty folder, or one that holds a saved component and nothing else."""
    names = {path.name for path in folder.iterdir() if path.is_file()} if folder.is_dir() else None
    if names is None or len(names) < len(list(folder.iterdir())):
        return False
    return not names or (names >= _NEEDED and all(map(_OF_CHECKPOINT.fullmatch, names)))
