"""The panel Mask in a browser: opened, looked at, and read pixel for pixel."""

from contextlib import ExitStack, contextmanager

import numpy as np
import pytest

from browsing import open_page, saved_view, serving, settled, uncovered
from resting import at_rest

SIZE = {"width": 1250, "height": 900}


@contextmanager
def mask_pages(browser):
    """Give a function that serves files, and opens the panel for them; at the end the page must have had no problems."""
    with ExitStack() as stack:

        def opened(path, show=None, *, tab=True, **options):
            served = stack.enter_context(serving(path, assembled=True))
            context = browser.new_context(**({"viewport": SIZE, "locale": "en-US", "color_scheme": "dark"} | options))
            stack.callback(context.close)
            page = open_page(context, served, show)
            page.served = served
            stack.callback(lambda: page.problems == [] or pytest.fail(str(page.problems)))
            settled(page)
            if tab:
                uncovered(page)
                page.get_by_role("tab", name="Mask").click()
                page.get_by_label("Selected by").wait_for()
                at_rest(page)
            return page

        yield opened


def look(page, name):
    """Show masks in another way; the pointer out of the image."""
    page.get_by_role("group", name="Shown as").get_by_role("button", name=name, exact=True).click()
    page.mouse.move(5, 5)
    at_rest(page)


def seen(page):
    """The mask as the page shows it, pixel for pixel."""
    look(page, "Mask")
    picture = saved_view(page)
    assert set(np.unique(picture)) <= {0, 255}
    return picture[..., 0] > 0
