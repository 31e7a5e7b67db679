"""Dask as the engine: workers on this machine, or those of a cluster that is there."""

# distributed is not typed
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportMissingImports=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from hounsfield.batch.attempt import Outcome
from hounsfield.batch.engines import Call, Ended, NamedInput, processors, unheard
from hounsfield.batch.on_executor import OnExecutor
from hounsfield.errors import WorkersLostError, needed_for

#: Seconds until a scheduler answers.
_PATIENCE = 30


class OnDask:
    """A cluster of Dask.

    Parameters
    ----------
    client
        Its client.
    cluster
        The cluster, where it is ours.

    Attributes
    ----------
    dashboard
        Where its pages are.
    """

    def __init__(self, client: Any, cluster: Any = None) -> None:
        self._client, self._cluster = client, cluster
        self.dashboard = str(client.dashboard_link or "")
        # No result is shared: the same work for the same input may well be asked for again.
        self._engine = OnExecutor(client.get_executor(pure=False), self.workers)

    @property
    def workers(self) -> int:
        """The number of inputs at a time: threads of all workers, as many as there are now."""
        return max(1, sum(self._client.nthreads().values()))

    def begin(self) -> None:
        """Begin nothing: its workers are there."""

    def outcomes(self, call: Call, items: Iterable[NamedInput], ended: Ended = unheard) -> Iterator[Outcome]:
        """Yield outcomes."""
        self._engine.workers = self.workers
        return self._engine.outcomes(call, items, ended)

    def close(self) -> None:
        """Leave the cluster; end it where it is ours."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def on_dask(address: str, count: int) -> OnDask:
    """Return a cluster as an engine.

    Parameters
    ----------
    address
        Of its scheduler; ``""`` for one on this machine, with workers of one thread each. Certificates of ``tls://``
        are those of Dask's configuration.
    count
        How many workers one on this machine has.

    Raises
    ------
    MissingDependencyError
        Dask is not installed.
    WorkersLostError
        Nobody answers.
    """
    with needed_for("the engine dask", "dask"):
        from dask import config
        from distributed import Client, LocalCluster
    from hounsfield.batch.workers import begin_on_cluster

    try:
        if not address:
            # Not every machine may show a page; Dask takes another port where this one is taken.
            # An input whose worker has died is tried again here, alone; Dask need not, with others, before it says so.
            with config.set({"distributed.scheduler.allowed-failures": 0}):
                cluster = LocalCluster(
                    n_workers=count, threads_per_worker=1, dashboard_address=":0", worker_class=_nanny()
                )
            client = Client(cluster, set_as_default=False)
            threads = max(1, processors() // count)
        else:
            cluster = None
            client = Client(address, timeout=_PATIENCE, set_as_default=False)
            threads = 1
        client.register_plugin(_worker_plugin(begin_on_cluster, threads), name="hounsfield")
    except (OSError, TimeoutError) as error:
        raise WorkersLostError(f"no scheduler of Dask answers at {address}: {type(error).__name__}") from None
    return OnDask(client, cluster)


def _nanny() -> Any:
    from distributed import Nanny

    from hounsfield.batch.workers import without_main

    class Begins(Nanny):
        """Begins workers that do not import the program that asks for them, now and when one has died."""

        async def instantiate(self) -> Any:
            with without_main():
                return await super().instantiate()

    return Begins


def _worker_plugin(begin: Any, threads: int) -> Any:
    from distributed import WorkerPlugin

    class Begin(WorkerPlugin):
        """Begins what each worker needs once, also one that comes later."""

        def setup(self, worker: Any) -> None:
            begin(threads)

    return Begin()
