"""What each control does: from what it is given to what the controls show then."""

import logging
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from ..pages.text import visible
from . import view as views
from .controls import Controls
from .deidentifying import Deidentified, deidentify
from .downloads import as_download, download, json_lines
from .errors import VisitorError
from .page import Page
from .recognising import VIEWS, Request, Result, recognise
from .terms import read_terms_file
from .uploads import Record, read_records, uploaded
from .words import say

logger = logging.getLogger(__name__)


class Answers:
    """The functions that the controls call; each gives controls with what they show now.

    Args:
        page: What the page is made with.
        controls: The controls.
        gradio: Gradio.
    """

    def __init__(self, page: Page, controls: Controls, gradio: ModuleType):
        self.page, self.controls, self.gradio = page, controls, gradio

    def guarded(self, answer: Callable[..., dict[Any, Any]]) -> Callable[..., dict[Any, Any]]:
        """An answer that tells the visitor what is wrong, and nobody else anything of the request."""

        @wraps(answer)
        def guarded(language: str, *given: Any) -> dict[Any, Any]:
            try:
                return {self.controls.message: self.gradio.update(value="", visible=False)} | answer(language, *given)
            except VisitorError as error:
                told = views.told(error, language)
            except Exception as error:
                # Its message, and a traceback's, may hold text of the request.
                logger.error("A request failed: %s", type(error).__name__)
                told = views.told(VisitorError("failed"), language)
            return {self.controls.message: self.gradio.update(value=told, visible=True)}

        return guarded

    def _given(self, text: str, records: list[Record]) -> list[Record]:
        """What was pasted or, where nothing was, what was uploaded."""
        if isinstance(text, str) and text.strip():
            return [{"id": "", "text": text}]
        if not records:
            raise VisitorError("nothing given")
        return records

    def recognise(
        self,
        language: str,
        text: str,
        records: list[Record],
        network: str,
        terms: str,
        not_terms: str,
        force: bool,
        last: Result | None,
        view: str,
        types: list[str],
        least: float,
    ) -> dict[Any, Any]:
        """The entities of what was pasted or uploaded; types that were hidden stay hidden."""
        request = Request(self._given(text, records), network, terms or "", not_terms or "", bool(force))
        result = recognise(self.page.networks, request, self.page.limits)
        hidden = () if last is None else {*last.counts()} - {*types}
        if last is None or last.after is None:
            view = VIEWS[0]
        counts, update = result.counts(), self.gradio.update
        # Those that were chosen stay, since Gradio refuses a request, perhaps on its way, that chose what is no choice.
        listed = [name for name in result.types if counts[name] or name in types]
        choices = [(f"{visible(name)} {counts[name]:,}", name) for name in listed]
        return {
            self.controls.result: result,
            self.controls.shown: views.show_result(result, view, hidden, least, language),
            self.controls.filters: update(visible=True),
            self.controls.downloads: update(visible=True),
            self.controls.view: update(value=view, visible=result.after is not None),
            self.controls.types: update(choices=choices, value=[name for _, name in choices if name not in hidden]),
        }

    def recognise_again(self, language: str, text: str, records: list[Record], *given: Any) -> dict[Any, Any]:
        """The same where there are results already, and anything else is asked for now."""
        network, terms, not_terms, force, last = given[:5]
        has_records = bool(records) or bool(text and text.strip())
        if last is None or not has_records:
            return {}
        asked = Request(self._given(text, records), network, terms or "", not_terms or "", bool(force))
        return {} if last.request == asked else self.recognise(language, text, records, *given)

    def filter(self, language: str, result: Result | None, view: str, types: list[str], least: float) -> dict[Any, Any]:
        """The same result, of which more or less is shown."""
        if result is None:
            return {}
        hidden = {*result.counts()} - {*types}
        return {self.controls.shown: views.show_result(result, view, hidden, least, language)}

    def upload(self, language: str, path: str, *given: Any) -> dict[Any, Any]:
        """The entities of a file's records."""
        page, update = self.page, self.gradio.update
        with uploaded(path, page.folder, page.limits) as file:
            records = read_records(file, page.source, page.limits)
            name = file.name
        told = say(
            "was read",
            language,
            records=views.counted(len(records), "one record", "records", language),
            name=name,
        )
        note = views.message(f"{told} {say('instead', language)}", "note")
        read = {
            self.controls.records: records,
            self.controls.read: update(value=note, visible=True),
            self.controls.text: "",
        }
        return read | self.guarded(self.recognise)(language, "", records, *given)

    def upload_terms(
        self,
        box: Any,
        word: str,
        language: str,
        path: str,
        text: str,
        records: list[Record],
        network: str,
        terms: str,
        not_terms: str,
        *given: Any,
    ) -> dict[Any, Any]:
        """A file's terms in a box of terms, and what they change."""
        page, chosen = self.page, self.page.networks.chosen(network)
        with uploaded(path, page.folder, page.limits) as file:
            lines, rejected = read_terms_file(file, chosen.tokenizer.types_of_name, any_type=word == "not terms")
        both = (lines, not_terms) if word == "terms" else (terms, lines)
        shown = self.guarded(self.recognise_again)(language, text, records, network, *both, *given)
        if rejected and not shown[self.controls.message]["visible"]:
            first = {"name": rejected[0].file, "line": rejected[0].line, "reason": rejected[0].reason}
            told = views.message(say("rows left out", language, count=f"{len(rejected):,}", **first), "note")
            shown[self.controls.message] = self.gradio.update(value=told, visible=True)
        return {box: lines} | shown

    def clear(self, language: str) -> dict[Any, Any]:
        """Nothing, as when the page was opened; terms stay."""
        update = self.gradio.update
        return {
            **dict.fromkeys([self.controls.message, self.controls.read], update(value="", visible=False)),
            **dict.fromkeys(
                [self.controls.filters, self.controls.downloads, self.controls.deidentified_row, self.controls.view],
                update(visible=False),
            ),
            **dict.fromkeys([self.controls.result, self.controls.deidentified]),
            self.controls.records: [],
            self.controls.text: "",
            self.controls.types: update(choices=self.controls.all_types, value=[]),
            self.controls.shown: views.placeholder("nothing yet", language),
            self.controls.shown_deidentified: views.placeholder("not deidentified yet", language),
        }

    def deidentify(self, language: str, text: str, records: list[Record], policy: str) -> dict[Any, Any]:
        """What was pasted or uploaded, without identifiers."""
        done = deidentify(self._given(text, records), policy, self.page.finder, self.page.limits)
        return {
            self.controls.deidentified: done,
            self.controls.shown_deidentified: views.show_deidentified(done, language),
            self.controls.deidentified_row: self.gradio.update(visible=True),
        }

    def download(self, kind: str, language: str, result: Result | None) -> dict[Any, Any]:
        """A result as a file of one of `DOWNLOADS`."""
        if result is None:
            raise VisitorError("no results")
        return {self.controls.file: download(kind, result, self.page.write_brat, self.page.folder)}

    def download_text(self, language: str, done: Deidentified | None) -> dict[Any, Any]:
        """The records without identifiers as a file."""
        if done is None:
            raise VisitorError("no results")
        return {self.controls.file: as_download("deidentified.jsonl", "application/jsonl", json_lines(done.records))}

    def relabel(
        self,
        language: str,
        result: Result | None,
        view: str,
        types: list[str],
        least: float,
        network: str,
        done: Deidentified | None,
    ) -> dict[Any, Any]:
        """All that the page says, in another language."""
        update = self.gradio.update
        said = {component: update(**properties(language)) for component, properties in self.controls.labels.items()}
        if network in self.page.networks:
            said[self.controls.terms]["info"] = self.controls.terms_info(network, language)
        if result is None:
            said[self.controls.shown] = views.placeholder("nothing yet", language)
        else:
            said |= self.filter(language, result, view, types, least)
        if done is None:
            said[self.controls.shown_deidentified] = views.placeholder("not deidentified yet", language)
        else:
            said[self.controls.shown_deidentified] = views.show_deidentified(done, language)
        return said

    def greet(self, accepted: str | None) -> dict[Any, Any]:
        """The page in the language that a browser asks for when it opens it."""
        language = self.page.preferred_language(accepted)
        said = {self.controls.language: language}
        return said if language == self.page.language else said | self.relabel(language, None, "", [], 0, "", None)
