"""Files that are dropped onto the page: announced, sent one by one, then looked through."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from hounsfield.web.parameters import Refused
from hounsfield.web.routes.answering import Routes, answered
from hounsfield.web.uploads import UploadLimits
from hounsfield.web.viewing import Viewing

#: Bytes that are written at a time.
_BLOCK = 2**20


async def announce(request: Request, viewing: Viewing) -> Response:
    """Set aside what files will take; the answer is an id for them."""
    try:
        told: Any = json.loads(await request.body())
        files, size = _count(told["files"]), _count(told["bytes"])
    except (ValueError, TypeError, KeyError, RecursionError):
        files = size = 0
    if not files:
        raise Refused(400, 'send {"files": number, "bytes": number}')
    return answered({"id": viewing.uploads.begin(files, size).id})


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise ValueError("not a count")
    return value


async def take(request: Request, viewing: Viewing) -> Response:
    """Take the bytes of one file."""
    uploads = viewing.uploads
    upload, limits = uploads.of(request.path_params["upload"]), uploads.limits
    name, size = _name(request, limits), _length(request, limits)
    # No form of another page can send this type without asking first.
    if request.headers.get("content-type") != "application/octet-stream":
        raise Refused(415, "send the bytes of a file, as application/octet-stream")
    path, whole = uploads.place(upload, size), None
    try:
        await _receive(request, path, size, limits)
        whole = name
    except ClientDisconnect:
        raise Refused(400, "the upload broke off") from None
    except TimeoutError:
        raise Refused(408, "the file did not come in time") from None
    except OSError:
        raise Refused(413, "the disk of temporary files is full") from None
    finally:
        uploads.left(upload, path, size, whole)
    return Response(status_code=204)


def _name(request: Request, limits: UploadLimits) -> str:
    """Return what a file is called with its folders: only ever said, never a path."""
    try:
        name = unquote(request.headers.get("x-name", ""), errors="strict")
    except UnicodeDecodeError:
        name = ""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    name = "/".join(parts)
    if not name or len(name) > limits.name_length:
        raise Refused(400, f"a file has a name of at most {limits.name_length} characters with its folders")
    return name


def _length(request: Request, limits: UploadLimits) -> int:
    text = request.headers.get("content-length", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise Refused(411, "say how long the file is")
    if int(text) > limits.upload_bytes:
        raise Refused(413, "the file is too long")
    return int(text)


async def _receive(request: Request, path: Path, size: int, limits: UploadLimits) -> None:
    """Write what comes; TimeoutError where it stops, or comes too slowly."""
    chunks, block = request.stream().__aiter__(), bytearray()
    async with asyncio.timeout(limits.pause + size / limits.slowest):
        with open(path, "xb", opener=_private) as file:
            while True:
                try:
                    chunk = await asyncio.wait_for(anext(chunks), limits.pause)
                except StopAsyncIteration:
                    break
                block += chunk
                if len(block) >= _BLOCK:
                    await asyncio.to_thread(file.write, bytes(block))
                    block.clear()
            file.write(block)
            if file.tell() != size:  # the server checks that, too
                raise ClientDisconnect


def _private(path: str, flags: int) -> int:
    import os

    return os.open(path, flags, 0o600)


async def end(request: Request, viewing: Viewing) -> Response:
    """Look through the files that have come."""
    viewing.uploads.end(viewing.uploads.of(request.path_params["upload"]))
    return Response(status_code=204)


async def abandon(request: Request, viewing: Viewing) -> Response:
    """Delete the files that have come."""
    viewing.uploads.abandon(viewing.uploads.of(request.path_params["upload"]))
    return Response(status_code=204)


ROUTES: Routes = {
    ("POST", "/api/uploads"): announce,
    ("POST", "/api/uploads/{upload}/files"): take,
    ("POST", "/api/uploads/{upload}/end"): end,
    ("POST", "/api/uploads/{upload}/cancel"): abandon,
}
