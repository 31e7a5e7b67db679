"""Files that the page saves: made in the folder of this run, sent, and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse

#: Bytes sent at a time.
_CHUNK = 2**18


def sent_file(path: Path, name: str, kind: str) -> Response:
    """Return a file as an answer that is saved under a name; it is deleted when it has been sent.

    Parameters
    ----------
    path
        Where it is.
    name
        Nothing of a header is ever in it.
    kind
        Its media type.
    """
    file = open(path, "rb")  # noqa: SIM115  closed when it has been sent
    headers = {"Content-Length": str(path.stat().st_size), "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_sent(file, path), media_type=kind, headers=headers)


async def _sent(file: BinaryIO, path: Path) -> AsyncIterator[bytes]:
    try:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
    finally:
        file.close()
        path.unlink(missing_ok=True)
