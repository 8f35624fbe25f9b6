"""The page served: with a private folder for files, without statistics of use, histories or logs of requests."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .arguments import AppArguments
from .interface import Page, build, import_gradio, style, theme

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


def serve(page: Page, arguments: AppArguments, wait: bool = True) -> Any:
    """Serve the page.

    Args:
        page: What it is made with.
        arguments: Where it is served.
        wait: Whether to return only when it ends.

    Returns:
        Gradio's blocks, with the address in `local_url`.

    Raises:
        ImportError: If Gradio is not installed.
        OSError: If the port is taken.
    """
    gradio = import_gradio()
    for name in ("httpx", "uvicorn.access"):  # which log addresses of requests
        logging.getLogger(name).setLevel(logging.WARNING)
    blocks = build(page)
    blocks.queue(max_size=page.limits.max_waiting, default_concurrency_limit=page.limits.max_requests, api_open=False)
    blocks.launch(
        server_name=arguments.host,
        server_port=arguments.port or None,
        share=arguments.share,
        max_file_size=page.limits.max_file_kilobytes * 1024,
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
    if wait:
        blocks.block_thread()
    return blocks
