"""A whole job: its inputs part by part, wherever they are done, and the results of each part when it is whole."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING

from hounsfield.batch.engines import Ended, Engine, unheard
from hounsfield.batch.job_shards import WHOLE, JobShard
from hounsfield.batch.run import KeptPart, Output, run

if TYPE_CHECKING:
    from hounsfield.batch.attempt import Outcome, Task
    from hounsfield.batch.job_inputs import JobInputs
    from hounsfield.batch.origins import Origins
    from hounsfield.batch.result_folder import ResultFolder


def do_job(
    task: Task,
    inputs: JobInputs,
    engine: Engine,
    *,
    shard: JobShard = WHOLE,
    output: Output | None = None,
    ended: Ended = unheard,
) -> Generator[Outcome]:
    """Do a member's share of a job whose results nobody keeps; yield the outcomes.

    Parameters
    ----------
    task, output, ended
        As `run` takes them.
    inputs
        All inputs of the job.
    engine
        Where it is done.
    shard
        The share.
    """
    for _, some in inputs.of_parts(shard.of, shard):
        yield from run(task, some, engine=engine, output=output, ended=ended)


def do_kept_job(  # noqa: PLR0913  what one job is
    task: Task,
    inputs: JobInputs,
    engine: Engine,
    results: ResultFolder,
    origins: Origins,
    *,
    shard: JobShard = WHOLE,
    output: Output | None = None,
    ended: Ended = unheard,
) -> Generator[Outcome]:
    """Do what is left of a member's share of a job, and keep the results; yield the outcomes of what was left.

    Parameters
    ----------
    task, inputs, engine, shard, output, ended
        As `do_job` takes them.
    results
        Where they are kept; closed in the end.
    origins
        Tells series.
    """
    whole = False
    try:
        last: int | None = None
        for part, some in inputs.of_parts(results.parts, shard):
            if last not in (None, part):
                results.write(last)
            last = part
            share = KeptPart(results, part, origins)
            with closing(run(task, some, engine=engine, output=output, share=share, ended=ended)) as outcomes:
                yield from outcomes
            del some, outcomes  # before the next are looked up
        if last is not None:
            results.write(last)
        # A worker that was killed has left what it was writing.
        results.clean()
        whole = True
    finally:
        results.close(whole=whole)
