"""The page's controls, and what they are called in each language."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..pages.text import visible
from . import view as views
from .deidentifying import ACTIONS
from .downloads import DOWNLOADS
from .page import Page
from .recognising import VIEWS
from .words import say


class Controls:
    """The controls, made within Gradio's blocks, each an attribute.

    Args:
        page: What the page is made with.
        gradio: Gradio.

    Attributes:
        labels: What each control is called: functions of the language that give its properties.
        records: The visitor's uploaded records; like the next two forgotten when the page is closed.
        result: The visitor's result.
        deidentified: The visitor's records without identifiers.
    """

    def __init__(self, page: Page, gradio: ModuleType):
        self.page, self.gradio = page, gradio
        self.labels: dict[Any, Callable[[str], dict[str, Any]]] = {}
        seconds = 60 * page.limits.session_minutes
        self.records = gradio.State([], time_to_live=seconds)
        self.result = gradio.State(None, time_to_live=seconds)
        self.deidentified = gradio.State(None, time_to_live=seconds)
        self._add_head()
        with gradio.Row(elem_classes="sides"):
            with gradio.Column(scale=5, min_width=320, elem_classes="given"):
                self._add_inputs()
            with gradio.Column(scale=7, min_width=320, elem_classes="shown"):
                self._add_results()

    @property
    def said(self) -> list[Any]:
        """All that says something in the visitor's language."""
        return [*self.labels, self.language, self.shown, self.shown_deidentified]

    @property
    def all_types(self) -> list[str]:
        """The types of all networks: what a page may choose of that was opened before the server was started anew."""
        return [*dict.fromkeys(name for network in self.page.networks.values() for name in network.types)]

    @property
    def of_deidentification(self) -> list[Any]:
        """What shows records without identifiers."""
        return [self.deidentified, self.shown_deidentified, self.deidentified_row]

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
            self.terms = self._term_box("terms", lambda language: {"info": self.terms_info(names[0], language)})
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
                        "CheckboxGroup",
                        lambda language: {"label": say("types", language)},
                        choices=self.all_types,
                        elem_id="types",
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

    def terms_info(self, network: str, language: str) -> str:
        """What is said of terms below their box: a network's types, and whether terms have to be forced."""
        chosen = self.page.networks[network]
        types = visible(("、" if language == "zh" else ", ").join(chosen.types))
        told = say("terms info", language, types=types)
        return told if chosen.has_channel else f"{told} {say('force needed', language)}"

    # what they do
