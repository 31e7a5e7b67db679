"""Engines by the names that the command knows them by."""

from __future__ import annotations

from functools import partial

from hounsfield.batch.engines import Engine, Here, processors

#: What there is to choose from.
ENGINES = ("processes", "threads", "serial", "dask", "dask=ADDRESS")


def check_engine(name: str) -> str:
    """Return the name of an engine.

    Raises
    ------
    ValueError
        It is none.
    """
    kind, _, address = name.partition("=")
    if name in ENGINES[:4]:
        return name
    if kind == "dask" and address.startswith(("tcp://", "tls://", "ucx://", "ws://", "wss://")):
        return name
    if kind == "dask":
        raise ValueError(f"{address!r} is no address of a scheduler, as tcp://HOST:8786 or tls://HOST:8786 is")
    raise ValueError(f"there is no engine {name!r}; there are {', '.join(ENGINES)}")


def engine_of(name: str, jobs: int | None, *, always: bool = False) -> Engine:
    """Return an engine; nothing begins before it has something to do, but for a cluster.

    Parameters
    ----------
    name
        One of `ENGINES`.
    jobs
        How many inputs at a time; None: one a processor.
    always
        Also few inputs are done by workers, where there are any.

    Raises
    ------
    MissingDependencyError
        Dask is not installed.
    WorkersLostError
        Nobody answers at that address.
    """
    check_engine(name)
    count = jobs or processors()
    if name == "serial" or (name == "processes" and count == 1 and not always):
        return Here()
    if name == "threads":
        from concurrent.futures import ThreadPoolExecutor

        from hounsfield.batch.on_executor import OnExecutor

        return OnExecutor(partial(ThreadPoolExecutor, count), count, in_threads=True)
    if name == "processes":
        from hounsfield.batch.workers import Processes

        return Processes(count, always=always)
    from hounsfield.batch.dask_engine import on_dask

    return on_dask(name.partition("=")[2], count)
