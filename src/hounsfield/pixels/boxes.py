"""The boxes of JP2 and JPEG XL files, one after another (ISO/IEC 15444-1 I.4, ISO/IEC 18181-2)."""

from __future__ import annotations

from collections.abc import Iterator

#: More than any file has before its codestream; damaged lengths could lead through millions.
_MOST_BOXES = 64


def boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    r"""Yield the kind of each box, and where its contents begin and end; the end may lie behind that of the data.

    Stops where a length cannot be true.

    Examples
    --------
    >>> list(boxes(b"\0\0\0\x0aExif\xff\x0a" + b"\0\0\0\0jxlc..."))
    [(b'Exif', 8, 10), (b'jxlc', 18, 21)]
    """
    position = 0
    for _ in range(_MOST_BOXES):
        length, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        head = 16 if length == 1 else 8
        length = int.from_bytes(data[position + 8 : position + 16], "big") if length == 1 else length
        end = position + length if length else len(data)  # 0: up to the end
        if position + head > len(data) or end < position + head:
            return
        yield kind, position + head, end
        position = end
