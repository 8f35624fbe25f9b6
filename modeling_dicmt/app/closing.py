"""What Gradio does besides showing the page, closed: other paths, its log of errors, names that two files share."""

import logging
import secrets
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

logger = logging.getLogger(__name__)

# Where Gradio's functions are, and those of them that a browser asks for on this page. Of the others one writes what a
# session shows to a file for all who have its address, others work on videos or fetch files.
_FUNCTIONS = "/gradio_api/"
_OPEN = (
    "queue/",
    "upload",
    "upload_progress",
    "heartbeat/",
    "startup-events",
    "app_id",
    "cancel",
    "reset",
    "theme.css",
)
_UPLOAD = "upload"

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]


class PageOnly:
    """ASGI middleware that answers what the page does not need as what is not there.

    Args:
        app: What answers all else.
        processing: Gradio's `processing_utils`.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], processing: ModuleType):
        self._app, self._processing = app, processing

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        _, found, function = scope.get("path", "").partition(_FUNCTIONS)
        if found and not is_open(function):
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"Not Found"})
            return
        if found and function == _UPLOAD:
            # The folder of a file is called by its content and this: two visitors' equal files would be one, which
            # is deleted as soon as the first is read.
            self._processing.hash_seed = secrets.token_bytes(16)
        await self._app(scope, receive, send)


def is_open(function: str) -> bool:
    """Whether a browser may ask for a function of Gradio's by its path."""
    return any(function == name or (name.endswith("/") and function.startswith(name)) for name in _OPEN)


@contextmanager
def without_tracebacks(modules: tuple[ModuleType, ...]) -> Iterator[None]:
    """Have Gradio log the kind of an error alone: its traceback, printed, would tell what the request held.

    Args:
        modules: Those of Gradio's modules that print tracebacks.
    """
    before = [module.traceback for module in modules]
    quiet = SimpleNamespace(**vars(traceback) | {"print_exc": _log_kind})
    for module in modules:
        module.traceback = quiet
    try:
        yield
    finally:
        for module, own in zip(modules, before, strict=True):
            module.traceback = own


def _log_kind(*_: Any, **__: Any) -> None:
    kind = sys.exc_info()[0]
    logger.error("A request failed: %s", kind.__name__ if kind else "unknown")
