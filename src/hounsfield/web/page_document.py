"""The page as one document, for a frame that can load nothing: its modules and style sheets are in it."""

from __future__ import annotations

import html
import json
import posixpath
import re
import secrets
from functools import lru_cache

from hounsfield.web.page_files import STATIC

#: What takes the place of a module: the way to the server.
_INSTEAD = {"server/transport.js": "server/in_notebook.js"}
#: Modules that the page does not import.
_OTHERS = ("notebook/", "types.js", "server/in_notebook.js")
_IMPORT = re.compile(r"""(\bfrom\s*|\bimport\s*\(\s*|\bimport\s*)"(\.{1,2}/[^"]+)\"""")
_SHEET = re.compile(r'<link rel="stylesheet" href="static/([\w/]+\.css)">')
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}' blob:; style-src 'nonce-{nonce}'; img-src blob: data:; "
    "connect-src blob:; base-uri 'none'; form-action 'none'"
)
#: Files are opened in Python there.
_STYLE = '.holder:has(> [data-label="Open files or a folder"]) { display: none; }'


def page_document() -> str:
    """Return the page as HTML. It loads nothing: its policy forbids that, and any script but its own."""
    nonce = secrets.token_urlsafe(16)
    policy = html.escape(_POLICY.format(nonce=nonce), quote=True)
    boot = (STATIC / "notebook/boot.js").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en" data-theme="dark"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>hounsfield</title>'
        f'<style nonce="{nonce}">{_styles()}{_STYLE}</style>'
        f'<script type="application/json" id="modules">{_modules()}</script>'
        f'<script nonce="{nonce}">{boot}</script></head><body></body></html>'
    )


def named(module: str, text: str) -> str:
    """Return a module's text with its imports by names that do not depend on where it is loaded from.

    Examples
    --------
    >>> named("panes/pane.js", 'import { a } from "../numbers/a.js"; await import("./b.js");')
    'import { a } from "hounsfield/numbers/a.js"; await import("hounsfield/panes/b.js");'
    """
    folder = posixpath.dirname(module)

    def name(found: re.Match[str]) -> str:
        return f'{found[1]}"hounsfield/{posixpath.normpath(posixpath.join(folder, found[2]))}"'

    return _IMPORT.sub(name, text)


@lru_cache(maxsize=1)
def _modules() -> str:
    """The modules by their names, as JSON that ends no element of HTML."""
    found = dict[str, str]()
    for path in sorted(STATIC.rglob("*.js")):
        module = path.relative_to(STATIC).as_posix()
        if not module.startswith(_OTHERS):
            text = (STATIC / _INSTEAD.get(module, module)).read_text(encoding="utf-8")
            found[f"hounsfield/{module}"] = named(module, text)
    return json.dumps(found, ensure_ascii=True).replace("<", "\\u003c")


@lru_cache(maxsize=1)
def _styles() -> str:
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in _SHEET.findall(index))
