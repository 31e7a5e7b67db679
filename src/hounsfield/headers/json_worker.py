"""Headers of files as texts in DICOM JSON, in a process of its own: paths come by standard input, texts go back."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import zlib
from contextlib import closing

from hounsfield.errors import HounsfieldError
from hounsfield.headers.dataset import open_header
from hounsfield.headers.json_model import json_text
from hounsfield.limits import Limits
from hounsfield.sources.local import open_source
from hounsfield.sources.source import Source

#: A document, compressed, and which values were left out of it, or why there is none.
PackedText = tuple[bytes, list[str]]


def packed_text(source: Source, limits: Limits) -> PackedText:
    """Return the header of an open source; where it cannot be read, why."""
    try:
        text, left_out = json_text(open_header(source, limits, lazy=True), limits)
        return packed(text, left_out)
    except HounsfieldError as error:
        return packed("", [error.message])
    except MemoryError:
        return packed("", ["not enough memory"])
    except Exception as error:  # one file must not end a scan of millions, nor may its values be told
        return packed("", [f"unexpected {type(error).__name__}; please report this as a defect"])


def packed_text_at(path: str, limits: Limits) -> PackedText:
    """Return the header of a file, as `packed_text` does."""
    try:
        source = open_source(path, limits, archives=False)
    except HounsfieldError as error:
        return packed("", [error.message])
    with closing(source):
        return packed_text(source, limits)


def packed(text: str, left_out: list[str]) -> PackedText:
    """Return a text compressed."""
    return zlib.compress(text.encode("utf-8", "replace"), 1), left_out


def unpacked(data: bytes) -> str:
    """Return a text that was compressed."""
    return zlib.decompress(data).decode()


def main() -> None:
    """Answer until nobody asks any more."""
    try:
        _serve()
    except (EOFError, BrokenPipeError):
        os._exit(0)


def _serve() -> None:
    """Read limits, then lists of paths, and answer each with its texts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks ends this process
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    asked = sys.stdin.buffer
    limits: Limits = pickle.load(asked)  # noqa: S301  of the process that has started this one
    pickle.dump("ready", answers)
    answers.flush()
    while paths := pickle.load(asked):  # noqa: S301
        pickle.dump([packed_text_at(path, limits) for path in paths], answers)
        answers.flush()
