"""Print the job script that dask-jobqueue would hand to SLURM for one worker; nothing is submitted.

    python docs/slurm_job.py --cores 16 --memory 64GiB --walltime 04:00:00 --partition normal

Read it before you scale up: it says what the cluster will be asked for, and the command of a worker.
"""

import argparse
from typing import Any

LOCAL_DIRECTORY = "/tmp"  # of the machine that a worker runs on: fast, and not shared


def cluster_options(*, cores: int, memory: str, walltime: str, partition: str) -> dict[str, Any]:
    """What to ask for: one process a job, which maps the data once and runs a task a core.

    The kernels let go of Python's lock, so that threads of one process do as well as processes, and the data count
    once against the memory limit instead of once a process.
    """
    return {
        "cores": cores,
        "processes": 1,
        "memory": memory,
        "walltime": walltime,
        "queue": partition,
        "local_directory": LOCAL_DIRECTORY,
    }


def job_script(**asked: Any) -> str:
    """The script of one worker."""
    from dask_jobqueue import SLURMCluster

    scheduler = {"dashboard_address": None, "host": "127.0.0.1"}
    with SLURMCluster(**cluster_options(**asked), scheduler_options=scheduler) as cluster:
        return cluster.job_script()


def main() -> None:
    """Print the script for what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cores", type=int, default=16, help="of one job (16)")
    parser.add_argument("--memory", default="64GiB", help="of one job (64GiB)")
    parser.add_argument("--walltime", default="04:00:00", help="of one job (04:00:00)")
    parser.add_argument("--partition", default="normal", help="of SLURM (normal)")
    print(job_script(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
