"""The job script of a SLURM worker, as the page on clusters shows it."""

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.fixture(scope="module")
def slurm_job():
    pytest.importorskip("dask_jobqueue")
    spec = importlib.util.spec_from_file_location("slurm_job", DOCS / "slurm_job.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_shows_the_script_that_is_generated(slurm_job):
    script = slurm_job.job_script(cores=16, memory="64GiB", walltime="04:00:00", partition="normal")
    script = re.sub(r"^\S+python\S* -m", "PYTHON -m", script, flags=re.MULTILINE)
    script = re.sub(r"tcp://\S+ --name \S+", "tcp://SCHEDULER --name NAME", script)
    page = (DOCS / "cluster.md").read_text(encoding="utf-8")
    assert re.search(r"```sh\n(#!/usr.*?)```", page, re.DOTALL)[1].strip() == script.strip()


def test_what_is_asked_for_is_in_the_script(slurm_job, capsys, monkeypatch):
    words = ["--cores", "8", "--memory", "12GiB", "--walltime", "00:30:00", "--partition", "long"]
    monkeypatch.setattr("sys.argv", ["slurm_job.py", *words])
    slurm_job.main()
    script = capsys.readouterr().out
    for line in ("#SBATCH -p long", "#SBATCH --cpus-per-task=8", "#SBATCH --mem=12G", "#SBATCH -t 00:30:00"):
        assert line in script.splitlines()
    assert re.search(r"dask_worker tcp://\S+ .*--nthreads 8 --memory-limit 12.00GiB --nanny", script)
    assert "--local-directory /tmp" in script and "--nworkers" not in script
