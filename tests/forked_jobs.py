"""Snakemake whose jobs are forks of one process that has their packages loaded.

    python tests/forked_jobs.py FLAGS

A job runs its script as ever, but does without the three seconds that Python takes to
import Keras. Tests that are about results take it; the study of one's own network in
`workflow/test_own_networks.py` runs as users run it.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
SCRIPTS = TESTS.parent / "workflow/scripts"
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["preloaded"])


def run_script(path):
    """Run the script of a job, in a process of its own."""
    sys.argv = [path]
    runpy.run_path(path, run_name="__main__")


def execute_script(self, path, edit=False):
    """Do what Snakemake's `PythonScript.execute_script` does, by a fork."""
    process = FORKS.Process(target=run_script, args=(str(path),))
    process.start()
    if self.bench_record is None:
        process.join()
    else:
        with benchmarked(process.pid, self.bench_record):
            process.join()
    if process.exitcode:
        raise subprocess.CalledProcessError(process.exitcode, str(path))


if __name__ == "__main__":
    from snakemake import cli
    from snakemake.benchmark import benchmarked
    from snakemake.script import PythonScript

    # Snakemake tells so to the jobs that it starts itself.
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    os.environ.update(dict.fromkeys(threads, "1"))
    # The process that is forked looks here for `preloaded`, and for the package.
    os.environ["PYTHONPATH"] = os.pathsep.join(map(str, (TESTS, SCRIPTS)))
    PythonScript.execute_script = execute_script
    cli.main()
