"""A whole job: its inputs part by part, wherever they are done, and the results of each part when it is whole."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING

from hounsfield.batch.engines import Ended, Engine, unheard
from hounsfield.batch.job_shards import WHOLE, JobShard
from hounsfield.batch.kept_stream import KeptStream
from hounsfield.batch.run import Output, ReadFiles, outcomes_of, run

if TYPE_CHECKING:
    from hounsfield.batch.attempt import Outcome, Task
    from hounsfield.batch.job_inputs import JobInputs
    from hounsfield.batch.result_folder import ResultFolder


def do_job(  # noqa: PLR0913  what one job is
    task: Task,
    inputs: JobInputs,
    engine: Engine,
    *,
    results: ResultFolder | None = None,
    shard: JobShard = WHOLE,
    output: Output | None = None,
    ended: Ended = unheard,
) -> Generator[Outcome]:
    """Do a member's share of a job; yield the outcomes.

    Parameters
    ----------
    task, output, ended
        As `run` takes them.
    inputs
        All inputs of the job.
    engine
        Where it is done.
    results
        Where results are kept; closed in the end. What is done already is passed over, and gives no outcome.
    shard
        The share.
    """
    if results is None:
        for _, some in inputs.of_parts(shard.of, shard):
            yield from run(task, some, engine=engine, output=output, ended=ended)
        return
    output, whole = output or Output(), False
    stream = KeptStream(results, inputs.of_parts(results.parts, shard))
    try:
        reads = ReadFiles(inputs.given, inputs.files_below(output.folder) if output.force else frozenset())
        for works in stream.groups():
            with closing(outcomes_of(results.recorded(task), works, engine, output, reads, ended)) as outcomes:
                for outcome in outcomes:
                    stream.done(outcome)
                    results.load_tables()
                    yield outcome
        # A worker that was killed has left what it was writing.
        results.clean()
        whole = True
    except (KeyboardInterrupt, GeneratorExit):
        results.clean()
        raise
    finally:
        results.close(whole=whole)
