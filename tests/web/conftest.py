"""One browser for all tests of a file: those that ask for it skip where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from browsing import CHROMIUM, browsing

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
