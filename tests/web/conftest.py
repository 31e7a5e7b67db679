"""One browser for all tests of a file: those that ask for it skip where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsing import CHROMIUM, browsing, serving
from measuring_page import pages_of
from shown_folder import write

#: The window of a desk.
DESK = {"viewport": {"width": 1150, "height": 800}, "locale": "en-US", "color_scheme": "dark"}


# Not for the whole session: while Playwright runs, nothing else in its thread may run an event loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with browsing() as opened:
        yield opened


@pytest.fixture(scope="module")
def context(browser: Any) -> Iterator[Any]:
    """What its pages share: a session, which the first of them opens."""
    context = browser.new_context(**DESK)
    yield context
    context.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of images of all kinds; `files` are in it."""
    return tmp_path_factory.mktemp("shown")


@pytest.fixture(scope="module")
def files(folder: Path) -> Any:
    """Paths of its files, by what they are."""
    return write(folder)


@pytest.fixture(scope="module")
def served(files: Any, folder: Path) -> Iterator[Any]:
    """The folder, served in this process."""
    with serving(folder, assembled=True) as opened:
        yield opened


@pytest.fixture
def let_in(browser: Any) -> Iterator[Any]:
    """A function that serves files, and shows a page with the list of measures."""
    with pages_of(browser) as opened:
        yield opened
