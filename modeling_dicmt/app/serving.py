"""The page served: with a private folder for files, without statistics of use, histories or logs of requests."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

from .appearance import style, theme
from .arguments import AppArguments, Limits
from .closing import PageOnly, without_tracebacks
from .interface import build
from .page import Page, import_gradio

# Seconds that a file may lie there, and between two looks.
_SECONDS_OF_FILE = 120
_SWEEPING = 30

# Read when Gradio is imported, or when it starts.
_ENVIRONMENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_ALLOW_FLAGGING": "never",
    "GRADIO_MCP_SERVER": "False",
    "GRADIO_SSR_MODE": "False",
}


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder of this process alone, for files that Gradio takes in; what is in it goes with it.

    It is to be made before Gradio is imported.
    """
    before = {name: os.environ.get(name) for name in (*_ENVIRONMENT, "GRADIO_TEMP_DIR")}
    with TemporaryDirectory(prefix="dicmt-app-") as folder:
        os.environ |= _ENVIRONMENT | {"GRADIO_TEMP_DIR": folder}
        try:
            yield Path(folder)
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def largest_body(limits: Limits) -> int:
    """Bytes of the largest body that the page sends: a file, or a record and terms with each character escaped."""
    return max(limits.max_file_kilobytes * 1024, 3 * 12 * limits.max_characters) + 2**20


def sweep(folder: Path, seconds: float) -> None:
    """Delete files in a folder that are older than this: those that nobody asked anything of, or were refused."""
    last = time.time() - seconds
    for path in sorted(folder.rglob("*"), reverse=True):
        with suppress(OSError):  # another one deleted it, or it is a folder that is not empty
            if path.lstat().st_mtime < last:
                path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def forget_idle(holder: Any, seconds: float) -> None:
    """Forget the visitors who asked for nothing so long, and all that the page showed them last.

    Args:
        holder: What Gradio keeps of visitors.
        seconds: How long.
    """
    last = datetime.now() - timedelta(seconds=seconds)
    for session, used in [*holder.time_last_used.items()]:
        if used < last:
            holder.session_data.pop(session, None)
            holder.time_last_used.pop(session, None)


@contextmanager
def swept(folder: Path, holder: Any, idle_seconds: float) -> Iterator[None]:
    """Keep a folder swept, and idle visitors forgotten, within the block; arguments as of `sweep` and `forget_idle`."""
    ended = Event()

    def work() -> None:
        while not ended.wait(_SWEEPING):
            sweep(folder, _SECONDS_OF_FILE)
            forget_idle(holder, idle_seconds)

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def serve(page: Page, arguments: AppArguments) -> Iterator[Any]:
    """Serve the page within the block.

    Args:
        page: What it is made with.
        arguments: Where it is served.

    Yields:
        Gradio's blocks, with the address in `local_url`.

    Raises:
        ImportError: If Gradio is not installed.
        OSError: If the port is taken.
    """
    gradio = import_gradio()
    from gradio import processing_utils, queueing, route_utils, routes
    from starlette.middleware import Middleware

    for name in ("httpx", "uvicorn.access"):  # which log addresses of requests
        logging.getLogger(name).setLevel(logging.WARNING)
    blocks = build(page)
    blocks.queue(max_size=page.limits.max_waiting, default_concurrency_limit=page.limits.max_requests, api_open=False)
    blocks.launch(
        server_name=arguments.host,
        server_port=arguments.port or None,
        share=arguments.share,
        max_file_size=page.limits.max_file_kilobytes * 1024,
        app_kwargs={
            "max_body_size": largest_body(page.limits),
            "middleware": [Middleware(PageOnly, processing=processing_utils)],
        },
        state_session_capacity=page.limits.max_visitors,
        max_threads=4 * page.limits.max_requests + 8,
        theme=theme(gradio),
        css=style(),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        ssr_mode=False,
        show_error=False,
        quiet=True,
        prevent_thread_lock=True,
    )
    try:
        with (
            swept(page.folder, blocks.app.state_holder, 60 * page.limits.session_minutes),
            without_tracebacks((queueing, route_utils, routes)),
        ):
            yield blocks
    finally:
        blocks.close(verbose=False)
