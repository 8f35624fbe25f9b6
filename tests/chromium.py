"""Chromium, driven by selenium, for tests of pages.

Skipped where Chromium, its driver or selenium is absent; `make test-browser` installs them.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: make test-browser")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

MARKS = [
    pytest.mark.browser,
    pytest.mark.slow(seconds=60),
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium or its driver is not installed: make test-browser"),
]


@contextmanager
def chromium(language: str = "zh-CN", downloads: Path | None = None) -> Iterator["webdriver.Chrome"]:
    """A browser without a window, which keeps its console and what it asks a network for.

    Args:
        language: The language that it asks for.
        downloads: The folder that it saves files in, without asking.
    """
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu", f"lang={language}"):
        options.add_argument(f"--{argument}")
    settings = {"intl.accept_languages": language}
    if downloads is not None:
        settings |= {"download.default_directory": str(downloads), "download.prompt_for_download": False}
    options.add_experimental_option("prefs", settings)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()
