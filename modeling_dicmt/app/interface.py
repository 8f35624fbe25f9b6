"""The page itself: which function of `answers.py` answers which of the controls."""

from functools import partial
from types import ModuleType
from typing import Any

from .answers import Answers
from .arguments import Limits
from .controls import Controls
from .page import Page, import_gradio

EXAMPLE = (
    "主诉：反复咳嗽、咳痰1周，加重伴发热2天。\n"
    "现病史：患者1周前受凉后出现咳嗽、咳黄痰，伴左侧胸痛，2天前体温升至39.2℃。外院胸部CT示左肺下叶炎症，予头孢呋辛静滴，效果欠佳。\n"
    "既往史：高血压病10年，规律服用氨氯地平；否认糖尿病、冠心病。"
)
"""A record that is made up."""

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

# Functions for the page alone, and without signs of progress.
_QUIET = {"api_visibility": "private", "show_progress": "hidden"}


def build(page: Page) -> Any:
    """The page as Gradio's blocks."""
    gradio = import_gradio()
    with gradio.Blocks(title="DicMT", analytics_enabled=False, fill_width=True) as blocks:
        controls = Controls(page, gradio)
        answers = Answers(page, controls, gradio)
        _connect_recognition(gradio, controls, answers, page.limits)
        _connect_deidentification(controls, answers, page.limits)
        _connect_downloads(controls, answers, page.limits)
        _connect_language(controls, answers)
        _connect_sessions(gradio, blocks, controls, answers)
    return blocks


def _shared(limits: Limits) -> dict[str, Any]:
    """For what takes time: of all such functions together no more work at once than may."""
    return {"concurrency_id": "work", "concurrency_limit": limits.max_requests}


def _busy(limits: Limits) -> dict[str, Any]:
    return {"api_visibility": "private", "show_progress": "minimal", **_shared(limits)}


def _connect_recognition(gradio: ModuleType, controls: Controls, answers: Answers, limits: Limits) -> None:
    language, guarded = controls.language, answers.guarded
    of_records = [language, controls.text, controls.records]
    by = [controls.network, controls.terms, controls.not_terms, controls.force]
    filters = [controls.result, controls.view, controls.types, controls.score]
    results = [controls.message, controls.result, controls.shown, controls.filters, controls.downloads]
    results += [controls.view, controls.types]
    recognising = {"outputs": results, "show_progress_on": [controls.shown], **_busy(limits)}
    controls.run.click(
        guarded(answers.recognise),
        inputs=[*of_records, *by, *filters],
        trigger_mode="always_last",
        **recognising,
    ).then(None, js=_SHOW_RESULTS)
    # Left without a change they ask for nothing new, which `recognise_again` sees.
    gradio.on(
        [controls.terms.blur, controls.not_terms.blur, controls.force.input, controls.network.input],
        guarded(answers.recognise_again),
        inputs=[*of_records, *by, *filters],
        trigger_mode="always_last",
        **recognising,
    )
    controls.network.input(
        lambda language, network: gradio.update(info=controls.terms_info(network, language)),
        inputs=[language, controls.network],
        outputs=[controls.terms],
        **_QUIET,
    )
    gradio.on(
        [controls.view.input, controls.types.input, controls.score.release],
        guarded(answers.filter),
        inputs=[language, *filters],
        outputs=[controls.message, controls.shown],
        trigger_mode="always_last",
        **_QUIET,
        **_shared(limits),
    )
    # In one step with what follows, so that what is wrong with a file is told and stays there.
    controls.upload.upload(
        guarded(answers.upload),
        inputs=[language, controls.upload, *by, *filters],
        **recognising | {"outputs": [*results, controls.records, controls.read, controls.text]},
    )
    for button, box, word in (
        (controls.upload_terms, controls.terms, "terms"),
        (controls.upload_not_terms, controls.not_terms, "not terms"),
    ):
        button.upload(
            guarded(partial(answers.upload_terms, box, word)),
            inputs=[language, button, *of_records[1:], *by, *filters],
            **recognising | {"outputs": [*results, box]},
        )
    controls.example.click(lambda: EXAMPLE, outputs=[controls.text], **_QUIET)
    controls.clear.click(
        answers.clear,
        inputs=[language],
        outputs=[*results, controls.text, controls.records, controls.read, *controls.of_deidentification],
        **_QUIET,
    )


def _connect_deidentification(controls: Controls, answers: Answers, limits: Limits) -> None:
    controls.deidentify.click(
        answers.guarded(answers.deidentify),
        inputs=[controls.language, controls.text, controls.records, controls.policy],
        outputs=[controls.message, *controls.of_deidentification],
        show_progress_on=[controls.shown_deidentified],
        **_busy(limits),
    )


def _connect_downloads(controls: Controls, answers: Answers, limits: Limits) -> None:
    buttons = [
        (button, partial(answers.download, kind), controls.result) for kind, button in controls.download_as.items()
    ]
    buttons.append((controls.download_text, answers.download_text, controls.deidentified))
    for button, answer, what in buttons:
        button.click(
            answers.guarded(answer),
            inputs=[controls.language, what],
            outputs=[controls.message, controls.file],
            **_QUIET,
            **_shared(limits),
        ).success(None, inputs=[controls.file], outputs=[controls.file], js=_SAVE)


def _connect_language(controls: Controls, answers: Answers) -> None:
    language = controls.language
    filters = [controls.result, controls.view, controls.types, controls.score]
    language.input(None, inputs=[language], outputs=[language], js=_SET_LANGUAGE)
    language.input(
        answers.relabel,
        inputs=[language, *filters, controls.network, controls.deidentified],
        outputs=controls.said,
        trigger_mode="always_last",
        **_QUIET,
    )


def _connect_sessions(gradio: ModuleType, blocks: Any, controls: Controls, answers: Answers) -> None:
    """What is done when the page is opened and closed."""

    def greet(request: gradio.Request) -> dict[Any, Any]:
        return answers.greet(request.headers.get("accept-language"))

    def forget(request: gradio.Request) -> None:
        # Gradio would keep what the page showed last for as long as it runs.
        holder = blocks.app.state_holder
        for kept in (holder.session_data, holder.time_last_used):
            kept.pop(request.session_hash, None)

    language = controls.language
    blocks.load(greet, outputs=controls.said, **_QUIET).then(
        None, inputs=[language], outputs=[language], js=_SET_LANGUAGE
    )
    blocks.unload(forget)
