"""Arguments → packed sentences: read once, and used again while files and settings are the same."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import modeling_dicmt.normalization as normalization
import modeling_dicmt.sentences as sentences
from modeling_dicmt.files import replace_folder, restore_folder, write_json

from ..readers.records import CorpusError
from .arguments import UnlabelledArguments
from .documents import Transformation, read_documents
from .packed import INFORMATION_FILE, PackedCorpus
from .packing import pack_documents
from .report import ReadingReport
from .sources import Source, content_hash, find_sources, state_of

logger = logging.getLogger(__name__)


def prepare_corpus(
    arguments: UnlabelledArguments,
    folder: str | Path,
    *,
    max_sentence_length: int = sentences.MAX_SENTENCE_LENGTH,
    transformation: Transformation | None = None,
    transformation_name: str = "",
    transformation_counts: Mapping[str, int] | None = None,
    progress: Callable[..., Any] | None = None,
) -> PackedCorpus:
    """Read the text that the arguments name into a folder, or use what is there if it was made from the same.

    One process calls it; others open `PackedCorpus(folder)` afterwards. A process that is killed meanwhile leaves the
    folder as it was.

    Args:
        arguments: What is read.
        folder: Where the sentences are kept; what is there of other files or settings is replaced.
        max_sentence_length: Characters of a sentence beyond which it is cut.
        transformation: Changes the text of each document, say takes names out.
        transformation_name: Its name and version: another one is another text.
        transformation_counts: What it counts while it is at work, which becomes the report's `transformed`.
        progress: Makes a bar, as `modeling_dicmt.commands.progress` does: `progress(total=, unit=, description=)`.

    Raises:
        CorpusError: If a file is not as it should be, changes meanwhile, or there is no text in any.
        OSError: If nothing is where the arguments say, or the folder cannot be written to.
        ValueError: If a transformation has no name.
    """
    if bool(transformation_name) != (transformation is not None):
        raise ValueError("A transformation and its name belong together: by the name a changed one is noticed.")
    folder = Path(folder)
    report = ReadingReport()
    sources, states = _in_order(find_sources(arguments.corpus, report))
    settings = {name: getattr(arguments, name) for name in ("sections", "documents", "encoding", "held_out_share")} | {
        "max_sentence_length": max_sentence_length,
        "transformation": transformation_name,
    }
    fingerprint = _fingerprint(states, settings)

    known = _open(folder)
    if known is not None and known.fingerprint == fingerprint:
        logger.info("The text was read before and is used again: %s", known.report.summary())
        return known
    if known is not None:
        logger.info("The text, or how it is read, differs from what %s holds: it is read anew.", folder)

    total = sum(size for _, _, (size, _) in states)
    bar = nullcontext() if progress is None else progress(total=total, unit="B", description="Reading the text")

    def write(new: Path) -> None:
        with bar as shown:
            documents = read_documents(
                sources,
                report,
                documents=arguments.documents,
                sections=arguments.sections,
                encoding=arguments.encoding,
                transformation=transformation,
                advance=(lambda _: None) if shown is None else shown.update,
            )
            pack_documents(
                documents,
                new,
                report,
                max_sentence_length=max_sentence_length,
                held_out_share=arguments.held_out_share,
            )
        report.transformed = dict(transformation_counts or {})
        _check_read(arguments, report)
        for source, (_, _, state) in zip(sources, states, strict=True):
            if state_of(source) != state:
                raise CorpusError(f"{source.path} was changed while it was read. Give the same command again.")
        write_json(new / INFORMATION_FILE, {"fingerprint": fingerprint, "report": report.to_dict()})

    replace_folder(folder, write)
    logger.info("Read: %s", report.summary())
    for warning in report.warnings():
        logger.warning("%s", warning)
    if arguments.held_out_share and not report.held_out_documents:
        logger.warning("All text is one document, so none could be held out: there are no held-out figures.")
    return PackedCorpus(folder)


def _in_order(sources: Sequence[Source]) -> tuple[list[Source], list[tuple[str, str, tuple[int, int]]]]:
    """Sources in an order that does not depend on how they were given; of each its name, content hash and state."""
    found = []
    for source in sources:
        state = state_of(source)  # before the content is read, so that a later change shows
        found.append(((source.name, content_hash(source), state), source))
    found.sort(key=lambda item: item[0][:2])
    return [source for _, source in found], [state for state, _ in found]


def _fingerprint(states: Sequence[tuple[str, str, tuple[int, int]]], settings: dict[str, Any]) -> str:
    """Hash of the files' names and content, the settings, and the code that reads them."""
    code = sorted(Path(__file__).parent.glob("*.py")) + [Path(module.__file__) for module in (normalization, sentences)]
    content = {
        "files": [(name, content) for name, content, _ in states],
        "settings": settings,
        "code": [hashlib.sha256(path.read_bytes()).hexdigest() for path in code],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def _open(folder: Path) -> PackedCorpus | None:
    """What a folder holds; None if it is new or damaged."""
    if not restore_folder(folder):
        return None
    try:
        return PackedCorpus(folder)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _check_read(arguments: UnlabelledArguments, report: ReadingReport) -> None:
    if report.documents and report.sentences > report.held_out_sentences:
        return
    if report.documents:
        raise CorpusError("All text was chosen to be held out: give a lower --held_out_share, or more text.")
    if report.without_section:
        raise CorpusError(
            f"No document has a section {' or '.join(arguments.sections or ())}. Sections found: "
            f"{report.told_sections()}. Choose among these, or leave --sections out."
        )
    skipped = " ".join(report.warnings()) or f"{report.empty:,} empty documents."
    raise CorpusError(f"There is no text in {', '.join(arguments.corpus[:5])}. Passed over: {skipped}")
