"""Measure the bones of all CT series of a catalog, on Dask workers that Slurm starts.

    pip install "hounsfield[dask]" dask-jobqueue
    python dask_slurm.py /data/catalog /data/bones --jobs 20

The same line again goes on from where it ended: what is done is not done again.
"""

import argparse
import sys

import hounsfield as hu

QUESTION = "SELECT SeriesInstanceUID FROM series WHERE Modality = 'CT'"


def bones(volume: hu.Volume) -> dict[str, float | None]:
    """Return the volume of all bones, and their mean HU."""
    measures = hu.measure(volume, hu.mask(volume, tissue="bone"))
    return {"ml": measures.volume_ml, "mean_hu": measures.mean}


def main() -> None:
    """Start workers, measure what is left, and say how many series there are."""
    from dask.distributed import Client
    from dask_jobqueue import SLURMCluster

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalog")
    parser.add_argument("results", help="folder of the results")
    parser.add_argument("--question", default=QUESTION)
    parser.add_argument("--jobs", type=int, default=20, help="jobs of Slurm")
    parser.add_argument("--cores", type=int, default=4, help="cores and workers of a job")
    parser.add_argument("--memory", default="16GB", help="memory of a job")
    parser.add_argument("--walltime", default="12:00:00")
    parser.add_argument("--interface", help="network interface of the workers, such as ib0")
    options = parser.parse_args()
    cluster = SLURMCluster(
        cores=options.cores,
        processes=options.cores,  # one volume at a time in a process: one that ends takes no other with it
        memory=options.memory,
        walltime=options.walltime,
        interface=options.interface,
        python=sys.executable,
        job_script_prologue=["export HOUNSFIELD_THREADS=1"],
    )
    # Slurm ends jobs at their walltime; as many new ones begin as are missing.
    with cluster, Client(cluster) as client:
        cluster.adapt(minimum_jobs=options.jobs, maximum_jobs=options.jobs)
        table = hu.map(
            bones,
            f"{options.catalog}?{options.question}",
            executor=client.get_executor(),
            results=options.results,
        )
    sys.stdout.write(f"{table.num_rows} series\n")


if __name__ == "__main__":
    main()
