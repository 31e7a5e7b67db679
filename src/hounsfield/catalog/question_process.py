"""The process that answers one question, and may be killed at any moment: `hounsfield.catalog.asking` starts it.

The question comes from standard input. The answer goes to standard output, as a stream of Arrow batches after one byte
that says that work begins; how it ended goes to standard error, as one line of JSON.
"""

from __future__ import annotations

# pyarrow is not typed
# pyright: reportUnknownMemberType=false, reportUnknownParameterType=false
import json
import os
import pickle
import sys
import threading
from dataclasses import replace
from typing import BinaryIO

import pyarrow as pa

from hounsfield.catalog.bounds import QueryBounds, Question
from hounsfield.catalog.querying import Database
from hounsfield.errors import FormatError, LimitExceededError, SourceError


def main() -> None:
    """Answer the question on standard input."""
    question: Question = pickle.load(sys.stdin.buffer)  # noqa: S301  from the process that started this one
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with _own(1) as out, _own(2) as told:
        try:
            _answer(question, out)
            ended = {"kind": ""}
        except (FormatError, LimitExceededError, SourceError) as error:
            ended = {"kind": type(error).__name__, "message": error.message, "source": error.source}
        except BrokenPipeError:
            os._exit(0)
        told.write(json.dumps(ended).encode())
    os._exit(0)  # without waiting for threads of the database


def _own(handle: int) -> BinaryIO:
    """Return standard output or standard error as a file of its own: what libraries write there goes nowhere."""
    file = os.fdopen(os.dup(handle), "wb")
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), handle)
    return file


def _answer(question: Question, out: BinaryIO) -> None:
    # Who asks sees to the time: seconds in which nobody reads do not count.
    database = Database(question.folder, question.manifest, replace(question.bounds, seconds=float("inf")))
    _set_limits(question.bounds)
    out.write(b"\n")
    out.flush()
    with database.reading(question.sql, question.parameters, question.rows) as batches:
        schema = _named_once(batches.schema)
        with pa.ipc.new_stream(out, schema) as stream:
            out.flush()
            for batch in batches:
                stream.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
                out.flush()


def _named_once(schema: pa.Schema) -> pa.Schema:
    """Return columns of which no two have the same name: ``SELECT a, a`` gives ``a`` and ``a_2``."""
    names: list[str] = []
    for name in schema.names:
        number, new = 1, name
        while new in names:
            number += 1
            new = f"{name}_{number}"
        names.append(new)
    return pa.schema([field.with_name(name) for field, name in zip(schema, names, strict=True)])


def _end_with_parent() -> None:
    """End where the process that asked has ended: nobody waits for the answer."""
    sys.stdin.buffer.read()
    os._exit(1)


def _set_limits(bounds: QueryBounds) -> None:
    """Have the system itself see to it that no file is written, and that no loop lasts, whoever else may be gone."""
    try:
        import resource
    except ModuleNotFoundError:  # not on Windows
        return
    processors = os.cpu_count() or 1
    seconds = int((bounds.seconds + 5) * processors) + 1
    for limit, value in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(limit)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))
