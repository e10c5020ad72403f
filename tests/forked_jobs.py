"""Snakemake whose jobs are forks of a process that has their packages loaded.

    python tests/forked_jobs.py FLAGS

A job runs its script as ever, but does without the three seconds that Python takes to
import Keras. Tests that are about results take it; the study of one's own network in
`workflow/test_own_networks.py` runs as users run it.
"""

import os
import runpy
import socket
import socketserver
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent
# Snakemake tells so to the jobs that it starts itself.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Job(socketserver.StreamRequestHandler):
    """One job, in a fork of its own.

    It reads the folder to run in and the path of a script. It writes its process, and a
    word when the script has finished.
    """

    def handle(self):
        folder, path = (self.rfile.readline().decode().strip() for _ in range(2))
        self.wfile.write(f"{os.getpid()}\n".encode())
        os.chdir(folder)
        sys.argv = [path]
        try:
            runpy.run_path(path, run_name="__main__")
        except BaseException:
            sys.excepthook(*sys.exc_info())
        else:
            self.wfile.write(b"finished\n")


class Jobs(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Forks for each job."""


def execute_script(self, path, edit=False):
    """Do what Snakemake's `PythonScript.execute_script` does, by a fork."""
    from snakemake.benchmark import benchmarked

    with socket.socket(socket.AF_UNIX) as client:
        client.connect(os.environ["FORKED_JOBS"])
        stream = client.makefile("rw")
        stream.write(f"{Path.cwd()}\n{path}\n")
        stream.flush()
        job = int(stream.readline())
        if self.bench_record is None:
            status = stream.readline()
        else:
            with benchmarked(job, self.bench_record):
                status = stream.readline()
    # A job that fails or is killed leaves without a word.
    if not status:
        raise subprocess.CalledProcessError(1, str(path))


def main(flags):
    """Run Snakemake on a command line, and end this process.

    The process that forks for jobs starts first: Snakemake has threads later.
    """
    os.environ.update(dict.fromkeys(THREADS, "1"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FORKED_JOBS"] = f"{folder}/socket"
        with Jobs(os.environ["FORKED_JOBS"], Job) as server:
            process = os.fork()
            if not process:
                import preloaded  # noqa: F401

                server.serve_forever()
        from snakemake import cli
        from snakemake.script import PythonScript

        PythonScript.execute_script = execute_script
        sys.argv = ["snakemake", *flags]
        try:
            cli.main()
        finally:
            os.kill(process, 9)


if __name__ == "__main__":
    sys.path.insert(1, str(TESTS.parent / "workflow/scripts"))
    main(sys.argv[1:])
