"""The page itself: what Gradio shows, and which function of this package answers which control."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

from ..deidentification import IdentifierFinder
from ..pages.page import stylesheet
from ..pages.text import visible
from . import view as views
from .arguments import Limits
from .deidentifying import ACTIONS, Deidentified, deidentify
from .downloads import DOWNLOADS, WriteRecords, as_download, download, json_lines
from .errors import VisitorError
from .networks import Networks
from .recognising import VIEWS, Request, Result, recognise
from .terms import read_terms_file
from .uploads import Record, Source, read_records, uploaded
from .words import LANGUAGES, say

logger = logging.getLogger(__name__)

EXAMPLE = (
    "主诉：反复咳嗽、咳痰1周，加重伴发热2天。\n"
    "现病史：患者1周前受凉后出现咳嗽、咳黄痰，伴左侧胸痛，2天前体温升至39.2℃。外院胸部CT示左肺下叶炎症，予头孢呋辛静滴，效果欠佳。\n"
    "既往史：高血压病10年，规律服用氨氯地平；否认糖尿病、冠心病。"
)
"""A record that is made up."""

FONTS = ["system-ui", "-apple-system", "Segoe UI", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei"]
FONTS += ["Noto Sans CJK SC", "Noto Sans SC", "sans-serif"]

# Hands a file that the server made to the browser; nothing of it was ever on a disk.
_SAVE = """(file) => {
  if (file && file.data) {
    const bytes = Uint8Array.from(atob(file.data), (character) => character.charCodeAt(0));
    const address = URL.createObjectURL(new Blob([bytes], { type: file.type }));
    const link = Object.assign(document.createElement("a"), { href: address, download: file.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  }
  return null;
}"""
# Where the results lie below all that is given.
_SHOW_RESULTS = """() => {
  const message = document.querySelector("#message .message");
  const seen = message ?? document.getElementById("shown");
  if (innerWidth < 768) seen.scrollIntoView({ block: message ? "nearest" : "start" });
}"""
_SET_LANGUAGE = """(language) => {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.documentElement.dataset.language = language;
  return language;
}"""


@dataclass(frozen=True)
class Page:
    """What the page is made with. None of it changes while it is served, and none is of a visitor.

    Args:
        networks: The networks to choose from.
        finder: What finds identifiers.
        source: Reads records' files.
        write_brat: Writes records as brat has them.
        limits: What a request may hold and take.
        folder: A private folder for files that are uploaded, and for those that are on their way.
        language: "en" or "zh", for browsers that ask for neither.
    """

    networks: Networks
    finder: IdentifierFinder
    source: Source
    write_brat: WriteRecords
    limits: Limits
    folder: Path
    language: str = "zh"

    def preferred_language(self, accepted: str | None) -> str:
        """The language of a browser's Accept-Language header: the first that the page has."""
        for item in (accepted or "").split(","):
            tag = item.partition(";")[0].strip().lower().partition("-")[0]
            if tag in LANGUAGES:
                return tag
        return self.language


def import_gradio() -> ModuleType:
    """Gradio, which is an extra.

    Raises:
        ImportError: If it is not installed; says how to.
    """
    try:
        import gradio
    except ImportError as error:
        raise ImportError(f'The page needs Gradio ({error}): pip install "dicmt[app]".') from error
    return gradio


def style() -> str:
    """The page's style sheet: that of the pages of records, and what Gradio adds."""
    return stylesheet() + files(__package__).joinpath("app.css").read_text(encoding="utf-8")


def theme(gradio: ModuleType) -> Any:
    """The page's theme: the colours of `page.css` and fonts that every machine has, so that none is fetched."""
    calm = gradio.themes.Base(
        primary_hue=gradio.themes.colors.blue,
        neutral_hue=gradio.themes.colors.slate,
        radius_size=gradio.themes.sizes.radius_md,
        font=FONTS,
        font_mono=["ui-monospace", "monospace"],
    )
    both = {
        "body_background_fill": ("#fbfbfa", "#101418"),
        "body_text_color": ("#1b2127", "#e3e7eb"),
        "body_text_color_subdued": ("#5b6570", "#9aa5b1"),
        "background_fill_primary": ("#ffffff", "#171c21"),
        "background_fill_secondary": ("#fbfbfa", "#101418"),
        "block_background_fill": ("#ffffff", "#171c21"),
        "block_border_color": ("#e2e5e9", "#2b323a"),
        "border_color_primary": ("#e2e5e9", "#2b323a"),
        "block_info_text_color": ("#5b6570", "#9aa5b1"),
        "block_label_text_color": ("#5b6570", "#9aa5b1"),
        "block_title_text_color": ("#1b2127", "#e3e7eb"),
        "input_background_fill": ("#ffffff", "#171c21"),
        "input_border_color": ("#d3d8de", "#36404a"),
        "input_placeholder_color": ("#6b7580", "#8894a0"),
        "button_primary_background_fill": ("#005a9e", "#7cc0ff"),
        "button_primary_background_fill_hover": ("#004a83", "#9bd0ff"),
        "button_primary_text_color": ("#ffffff", "#0b1620"),
        "button_secondary_background_fill": ("#ffffff", "#171c21"),
        "button_secondary_background_fill_hover": ("#f1f4f7", "#202830"),
        "button_secondary_border_color": ("#d3d8de", "#36404a"),
        "button_secondary_text_color": ("#1b2127", "#e3e7eb"),
        "checkbox_label_background_fill": ("#ffffff", "#171c21"),
        "checkbox_label_background_fill_selected": ("#e8f1f9", "#1c2c3a"),
        "checkbox_background_color_selected": ("#005a9e", "#3f8fd0"),
        "checkbox_border_color_selected": ("#005a9e", "#3f8fd0"),
        "checkbox_label_text_color_selected": ("#1b2127", "#e3e7eb"),
        "slider_color": ("#005a9e", "#7cc0ff"),
        "color_accent": ("#005a9e", "#7cc0ff"),
    }
    one = {
        "block_shadow": "none",
        "button_border_width": "1px",
        "block_label_background_fill": "transparent",
        "checkbox_label_shadow": "none",
    }
    light = {name: colors[0] for name, colors in both.items() if name != "color_accent"}
    dark = {f"{name}_dark": colors[1] for name, colors in both.items() if name != "color_accent"}
    return calm.set(**light, **dark, color_accent=both["color_accent"][0], **one)


def build(page: Page) -> Any:
    """The page as Gradio's blocks."""
    gradio = import_gradio()
    return _Interface(page, gradio).blocks


class _Interface:
    """The controls, what they are called in each language, and what they do."""

    def __init__(self, page: Page, gradio: ModuleType):
        self.page, self.gradio = page, gradio
        # What each control is called: functions of the language that give its properties.
        self.labels: dict[Any, Callable[[str], dict[str, Any]]] = {}
        hours = 60 * page.limits.session_minutes
        with gradio.Blocks(title="DicMT", analytics_enabled=False, fill_width=True) as blocks:
            self.blocks = blocks
            # A visitor's records, result, and what they were asked with; forgotten when the page is closed.
            self.records = gradio.State([], time_to_live=hours)
            self.result = gradio.State(None, time_to_live=hours)
            self.deidentified = gradio.State(None, time_to_live=hours)
            self._add_head()
            with gradio.Row(elem_classes="sides"):
                with gradio.Column(scale=5, min_width=320, elem_classes="given"):
                    self._add_inputs()
                with gradio.Column(scale=7, min_width=320, elem_classes="shown"):
                    self._add_results()
            self._connect()

    # the controls

    def _component(self, kind: str, properties: Callable[[str], dict[str, Any]], **settings: Any) -> Any:
        component = getattr(self.gradio, kind)(**properties(self.page.language), **settings)
        self.labels[component] = properties
        return component

    def _add_head(self) -> None:
        gradio = self.gradio
        with gradio.Row(elem_classes="head-row"):
            self._component(
                "HTML", lambda language: {"value": views.header(language)}, apply_default_css=False, scale=1
            )
            self.language = gradio.Radio(
                [("中文", "zh"), ("English", "en")],
                value=self.page.language,
                show_label=False,
                label="语言 / Language",
                container=False,
                elem_id="language",
                min_width=230,
                scale=0,
            )

    def _add_inputs(self) -> None:
        gradio, limits, names = self.gradio, self.page.limits, [*self.page.networks]
        self.text = self._component(
            "Textbox",
            lambda language: {"label": say("record", language), "placeholder": say("record here", language)},
            lines=9,
            max_lines=18,
            max_length=limits.max_characters + 1,  # which is refused: nothing is cut off without a word
            elem_id="record",
        )
        self.read = gradio.HTML(visible=False, apply_default_css=False, elem_id="was-read")
        with gradio.Row(elem_classes="buttons"):
            self.upload = self._component(
                "UploadButton",
                lambda language: {"label": say("upload", language)},
                file_types=[*self.page.source.endings],
                size="sm",
                elem_id="upload",
            )
            self.example = self._component("Button", self._named("example"), size="sm", elem_id="example")
            self.clear = self._component("Button", self._named("clear"), size="sm", elem_id="clear")
        self.network = self._component(
            "Dropdown",
            lambda language: {"label": say("network", language)},
            choices=names,
            value=names[0],
            visible=len(names) > 1,
            filterable=False,
            elem_id="network",
        )
        self.run = self._component("Button", self._named("run"), variant="primary", size="lg", elem_id="run")
        self.message = gradio.HTML(visible=False, apply_default_css=False, elem_id="message")
        with self._component("Accordion", lambda language: {"label": say("own terms", language)}, open=False):
            self.terms = self._term_box("terms", lambda language: {"info": self._terms_info(names[0], language)})
            self.not_terms = self._term_box("not terms", lambda language: {"info": say("not terms info", language)})
            with gradio.Row(elem_classes="buttons"):
                self.upload_terms, self.upload_not_terms = (
                    self._component(
                        "UploadButton",
                        lambda language, word=word: {"label": say(f"upload {word}", language)},
                        file_types=[".txt", ".tsv", ".json"],
                        size="sm",
                        elem_id=f"upload-{word.replace(' ', '-')}",
                    )
                    for word in ("terms", "not terms")
                )
            self.force = self._component(
                "Checkbox",
                lambda language: {"label": say("force", language), "info": say("force info", language)},
                container=False,
                elem_id="force",
            )

    def _add_results(self) -> None:
        gradio = self.gradio
        with gradio.Tabs():
            with self._component("Tab", lambda language: {"label": say("entities", language)}, id="entities"):
                with gradio.Group(visible=False, elem_classes="filters") as self.filters:
                    self.view = self._component(
                        "Radio", self._choice("show", VIEWS), value="changes", visible=False, elem_id="view"
                    )
                    self.types = self._component(
                        "CheckboxGroup", lambda language: {"label": say("types", language)}, elem_id="types"
                    )
                    self.score = self._component(
                        "Slider",
                        lambda language: {"label": say("score from", language)},
                        minimum=0,
                        maximum=1,
                        step=0.01,
                        value=0,
                        elem_id="score",
                    )
                self.shown = gradio.HTML(
                    views.placeholder("nothing yet", self.page.language), apply_default_css=False, elem_id="shown"
                )
                with gradio.Row(visible=False, elem_classes="buttons") as self.downloads:
                    self.download_as = {
                        kind: self._component(
                            "Button",
                            lambda language, kind=kind: {"value": f"{say('download', language)} {kind}"},
                            size="sm",
                            elem_id=f"download-{kind.lower()}",
                        )
                        for kind in DOWNLOADS
                    }
            with self._component(
                "Tab", lambda language: {"label": say("deidentification", language)}, id="deidentification"
            ):
                with gradio.Row(elem_classes="policy"):
                    self.policy = self._component(
                        "Radio", self._choice("policy", ACTIONS), value=ACTIONS[0], elem_id="policy"
                    )
                    self.deidentify = self._component(
                        "Button", self._named("deidentify"), scale=0, min_width=130, elem_id="deidentify"
                    )
                self.shown_deidentified = gradio.HTML(
                    views.placeholder("not deidentified yet", self.page.language),
                    apply_default_css=False,
                    elem_id="shown-deidentified",
                )
                with gradio.Row(visible=False, elem_classes="buttons") as self.deidentified_row:
                    self.download_text = self._component(
                        "Button", self._named("download text"), size="sm", elem_id="download-text"
                    )
        self.file = gradio.JSON(visible=False)

    def _named(self, word: str) -> Callable[[str], dict[str, Any]]:
        return lambda language: {"value": say(word, language)}

    def _choice(self, word: str, values: tuple[str, ...]) -> Callable[[str], dict[str, Any]]:
        return lambda language: {
            "label": say(word, language),
            "choices": [(say(value, language), value) for value in values],
        }

    def _term_box(self, word: str, more: Callable[[str], dict[str, Any]]) -> Any:
        return self._component(
            "Textbox",
            lambda language: {
                "label": say(word, language),
                "placeholder": say(f"{word} here", language),
                **more(language),
            },
            lines=3,
            max_lines=10,
            max_length=self.page.limits.max_characters + 1,
            elem_id=word.replace(" ", "-"),
        )

    def _terms_info(self, network: str, language: str) -> str:
        chosen = self.page.networks[network]
        types = visible(("、" if language == "zh" else ", ").join(chosen.types))
        told = say("terms info", language, types=types)
        return told if chosen.has_channel else f"{told} {say('force needed', language)}"

    # what they do

    def _connect(self) -> None:
        gradio = self.gradio
        quiet = {"api_visibility": "private", "show_progress": "hidden"}
        # What takes time, together no more than may be worked on at once.
        shared = {"concurrency_id": "work", "concurrency_limit": self.page.limits.max_requests}
        busy = {"api_visibility": "private", "show_progress": "minimal", **shared}
        asked = [self.language, self.text, self.records, self.network, self.terms, self.not_terms, self.force]
        filters = [self.result, self.view, self.types, self.score]
        results = [self.message, self.result, self.shown, self.filters, self.downloads, self.view, self.types]
        deidentified = [self.deidentified, self.shown_deidentified, self.deidentified_row]
        recognising = {"inputs": [*asked, *filters], "outputs": results, "show_progress_on": [self.shown], **busy}
        self.run.click(self._guarded(self._recognise), trigger_mode="always_last", **recognising).then(
            None, js=_SHOW_RESULTS
        )
        # Left without a change they ask for nothing new, which `_recognise_again` sees.
        gradio.on(
            [self.terms.blur, self.not_terms.blur, self.force.input, self.network.input],
            self._guarded(self._recognise_again),
            trigger_mode="always_last",
            **recognising,
        )
        self.network.input(
            lambda language, network: self.gradio.update(info=self._terms_info(network, language)),
            inputs=[self.language, self.network],
            outputs=[self.terms],
            **quiet,
        )
        gradio.on(
            [self.view.input, self.types.input, self.score.release],
            self._guarded(self._filter),
            inputs=[self.language, *filters],
            outputs=[self.message, self.shown],
            trigger_mode="always_last",
            **quiet,
            **shared,
        )
        # In one step with what follows, so that what is wrong with a file is told and stays there.
        uploading = {**recognising, "outputs": [*results, self.records, self.read, self.text]}
        self.upload.upload(
            self._guarded(self._upload), **uploading | {"inputs": [self.language, self.upload, *asked[3:], *filters]}
        )
        for button, box, word in (
            (self.upload_terms, self.terms, "terms"),
            (self.upload_not_terms, self.not_terms, "not terms"),
        ):
            button.upload(
                self._guarded(partial(self._upload_terms, box, word)),
                **recognising | {"inputs": [self.language, button, *asked[1:], *filters], "outputs": [*results, box]},
            )
        self.example.click(lambda: EXAMPLE, outputs=[self.text], **quiet)
        self.clear.click(
            self._clear,
            inputs=[self.language],
            outputs=[*results, self.text, self.records, self.read, *deidentified],
            **quiet,
        )
        self.deidentify.click(
            self._guarded(self._deidentify),
            inputs=[self.language, self.text, self.records, self.policy],
            outputs=[self.message, *deidentified],
            show_progress_on=[self.shown_deidentified],
            **busy,
        )
        for kind, button in self.download_as.items():
            button.click(
                self._guarded(partial(self._download, kind)),
                inputs=[self.language, self.result],
                outputs=[self.message, self.file],
                **quiet,
                **shared,
            ).success(None, inputs=[self.file], outputs=[self.file], js=_SAVE)
        self.download_text.click(
            self._guarded(self._download_text),
            inputs=[self.language, self.deidentified],
            outputs=[self.message, self.file],
            **quiet,
            **shared,
        ).success(None, inputs=[self.file], outputs=[self.file], js=_SAVE)
        told = [*self.labels, self.language, self.shown, self.shown_deidentified]
        self.language.input(None, inputs=[self.language], outputs=[self.language], js=_SET_LANGUAGE)
        self.language.input(
            self._relabel,
            inputs=[self.language, *filters, self.network, self.deidentified],
            outputs=told,
            trigger_mode="always_last",
            **quiet,
        )
        self._connect_sessions(told, quiet)

    def _guarded(self, answer: Callable[..., dict[Any, Any]]) -> Callable[..., dict[Any, Any]]:
        """An answer that tells the visitor what is wrong, and nobody else anything of the request."""

        @wraps(answer)
        def guarded(language: str, *given: Any) -> dict[Any, Any]:
            try:
                return {self.message: self.gradio.update(value="", visible=False)} | answer(language, *given)
            except VisitorError as error:
                told = views.told(error, language)
            except Exception as error:
                # Its message, and a traceback's, may hold text of the request.
                logger.error("A request failed: %s", type(error).__name__)
                told = views.told(VisitorError("failed"), language)
            return {self.message: self.gradio.update(value=told, visible=True)}

        return guarded

    def _given(self, text: str, records: list[Record]) -> list[Record]:
        """What was pasted or, where nothing was, what was uploaded."""
        if isinstance(text, str) and text.strip():
            return [{"id": "", "text": text}]
        if not records:
            raise VisitorError("nothing given")
        return records

    def _recognise(
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
        request = Request(self._given(text, records), network, terms or "", not_terms or "", bool(force))
        result = recognise(self.page.networks, request, self.page.limits)
        hidden = () if last is None else {*last.counts()} - {*types}
        if last is None or last.after is None:
            view = VIEWS[0]
        counts, update = result.counts(), self.gradio.update
        choices = [(f"{visible(name)} {counts[name]:,}", name) for name in result.types if counts[name]]
        return {
            self.result: result,
            self.shown: views.show_result(result, view, hidden, least, language),
            self.filters: update(visible=True),
            self.downloads: update(visible=True),
            self.view: update(value=view, visible=result.after is not None),
            self.types: update(choices=choices, value=[name for _, name in choices if name not in hidden]),
        }

    def _recognise_again(self, language: str, text: str, records: list[Record], *given: Any) -> dict[Any, Any]:
        """The same where there are results already, and anything else is asked for now."""
        network, terms, not_terms, force, last = given[:5]
        has_records = bool(records) or bool(text and text.strip())
        if last is None or not has_records:
            return {}
        asked = Request(self._given(text, records), network, terms or "", not_terms or "", bool(force))
        return {} if last.request == asked else self._recognise(language, text, records, *given)

    def _filter(
        self, language: str, result: Result | None, view: str, types: list[str], least: float
    ) -> dict[Any, Any]:
        if result is None:
            return {}
        hidden = {*result.counts()} - {*types}
        return {self.shown: views.show_result(result, view, hidden, least, language)}

    def _upload(self, language: str, path: str, *given: Any) -> dict[Any, Any]:
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
        read = {self.records: records, self.read: update(value=note, visible=True), self.text: ""}
        return read | self._guarded(self._recognise)(language, "", records, *given)

    def _upload_terms(
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
        page, chosen = self.page, self.page.networks.chosen(network)
        with uploaded(path, page.folder, page.limits) as file:
            read = read_terms_file(file, chosen.tokenizer.types_of_name, any_type=word == "not terms")
        both = (read, not_terms) if word == "terms" else (terms, read)
        return {box: read} | self._guarded(self._recognise_again)(language, text, records, network, *both, *given)

    def _clear(self, language: str) -> dict[Any, Any]:
        update = self.gradio.update
        return {
            **dict.fromkeys([self.message, self.read], update(value="", visible=False)),
            **dict.fromkeys([self.filters, self.downloads, self.deidentified_row, self.view], update(visible=False)),
            **dict.fromkeys([self.result, self.deidentified]),
            self.records: [],
            self.text: "",
            self.types: update(choices=[], value=[]),
            self.shown: views.placeholder("nothing yet", language),
            self.shown_deidentified: views.placeholder("not deidentified yet", language),
        }

    def _deidentify(self, language: str, text: str, records: list[Record], policy: str) -> dict[Any, Any]:
        done = deidentify(self._given(text, records), policy, self.page.finder, self.page.limits)
        return {
            self.deidentified: done,
            self.shown_deidentified: views.show_deidentified(done, language),
            self.deidentified_row: self.gradio.update(visible=True),
        }

    def _download(self, kind: str, language: str, result: Result | None) -> dict[Any, Any]:
        if result is None:
            raise VisitorError("no results")
        return {self.file: download(kind, result, self.page.write_brat, self.page.folder)}

    def _download_text(self, language: str, done: Deidentified | None) -> dict[Any, Any]:
        if done is None:
            raise VisitorError("no results")
        return {self.file: as_download("deidentified.jsonl", "application/jsonl", json_lines(done.records))}

    def _relabel(
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
        said = {component: update(**properties(language)) for component, properties in self.labels.items()}
        if network in self.page.networks:
            said[self.terms]["info"] = self._terms_info(network, language)
        if result is None:
            said[self.shown] = views.placeholder("nothing yet", language)
        else:
            said |= self._filter(language, result, view, types, least)
        if done is None:
            said[self.shown_deidentified] = views.placeholder("not deidentified yet", language)
        else:
            said[self.shown_deidentified] = views.show_deidentified(done, language)
        return said

    def _connect_sessions(self, outputs: list[Any], quiet: Mapping[str, Any]) -> None:
        """What is done when the page is opened and closed."""
        gradio = self.gradio

        def greet(request: gradio.Request) -> dict[Any, Any]:
            language = self.page.preferred_language(request.headers.get("accept-language"))
            if language == self.page.language:
                return {self.language: language}
            return {self.language: language} | self._relabel(language, None, "", [], 0, "", None)

        def forget(request: gradio.Request) -> None:
            # Gradio would keep what the page showed last for as long as it runs.
            self.blocks.app.state_holder.session_data.pop(request.session_hash, None)

        self.blocks.load(greet, outputs=outputs, **quiet).then(
            None, inputs=[self.language], outputs=[self.language], js=_SET_LANGUAGE
        )
        self.blocks.unload(forget)
