"""The page in a notebook, as a widget: made by `view()` of images and volumes."""

# Types are checked where this extra may not be installed.
# pyright: reportMissingImports=false, reportMissingModuleSource=false, reportUntypedBaseClass=false
# pyright: reportUnnecessaryIsInstance=false, reportPrivateUsage=false

from __future__ import annotations

import asyncio
import atexit
from typing import Any
from weakref import WeakSet

import anywidget
import traitlets

from hounsfield.image import Image
from hounsfield.series.volumes import Volumes
from hounsfield.text import counted
from hounsfield.volume import Volume
from hounsfield.web.drawn_measure import DrawnMeasure
from hounsfield.web.notebook_session import NotebookSession
from hounsfield.web.page_files import STATIC

_SCRIPT = (STATIC / "notebook/widget.js").read_text(encoding="utf-8")
#: Pixels that the page may be high.
_HEIGHTS = (200, 4000)

#: Those that are open: they close before the interpreter ends, when there is nothing left to close them with.
_views: WeakSet[NotebookView] = WeakSet()


@atexit.register
def _close_views() -> None:
    for view in list(_views):
        view.close()


class NotebookView(anywidget.AnyWidget):
    """The page of `hu view` in a notebook; made by `Image.view`, `Volume.view` and `Volumes.view`.

    Parameters
    ----------
    shown
        What is shown.
    no_phi
        Hide the patient.
    height
        Pixels that it is high.

    Attributes
    ----------
    height
        Pixels that it is high; may be changed.
    version
        Counts changes of masks and measures: ``view.observe(call, "version")``.
    """

    _is_open = False
    _esm = _SCRIPT
    _picture = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(600, min=_HEIGHTS[0], max=_HEIGHTS[1]).tag(sync=True)
    version = traitlets.Int(0)

    def __init__(self, shown: Image | Volume | Volumes, *, no_phi: bool = False, height: int = 600) -> None:
        if not isinstance(height, int):
            raise TypeError(f"height: a number of pixels is wanted, not a {type(height).__name__}")
        if not _HEIGHTS[0] <= height <= _HEIGHTS[1]:
            raise ValueError(f"height is {_HEIGHTS[0]} to {_HEIGHTS[1]}")
        self._shown_session = NotebookSession(shown, self._tell_pages, no_phi=no_phi, changed=self._note_change)
        self._own_loop: asyncio.AbstractEventLoop | None = None
        super().__init__(_picture=shown._repr_html_(), height=height)
        self.on_msg(self._hear_page)
        self._is_open = True
        _views.add(self)

    @property
    def masks(self) -> dict[str, Image | Volume]:
        """The masks that were made on the page, by their names: masks of the library, on the grid of what is shown.

        They are copies: what is drawn later does not change them.
        """
        return self._shown_session.masks()

    @property
    def measures(self) -> list[DrawnMeasure]:
        """The measures that were drawn on the page, measured by the library."""
        return self._shown_session.measures()

    def close(self) -> None:
        """End it, and let go what it shows."""
        if self._is_open:  # it never was where an argument was wrong
            self._is_open = False
            self._shown_session.close()
        super().close()

    def __repr__(self) -> str:
        masks, measures = self._shown_session.counts()
        return f"NotebookView({counted(masks, 'mask')}, {counted(measures, 'measure')})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Return the widget, and the picture for where no widget can run."""
        bundle: Any = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/html": self._picture}, metadata

    def _hear_page(self, widget: Any, content: Any, buffers: Any) -> None:
        try:
            self._own_loop = asyncio.get_running_loop()
        except RuntimeError:
            self._own_loop = None
        self._shown_session.receive(content)

    def _tell_pages(self, content: dict[str, Any], data: bytes | None) -> None:
        if self.comm is not None:
            self.send(content, [] if data is None else [data])

    def _note_change(self) -> None:
        """Count a change, in the thread of the notebook where there is one."""
        if self._own_loop is not None and not self._own_loop.is_closed():
            self._own_loop.call_soon_threadsafe(self._count_change)
        else:
            self._count_change()

    def _count_change(self) -> None:
        self.version += 1
