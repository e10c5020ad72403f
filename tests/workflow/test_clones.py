"""Clones: in folders of any name, moved, and several at once."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import project
from project import PYTHON, ROOT, TIMEOUT_S, printed

NAME = "it's a clöne"
TARGETS = (
    "study",
    "measure",
    "report",
    "preview",
    "test",
    "fast",
    "bench",
    "lint",
    "format",
)


def run(command, folder, **options):
    """Run a command in a folder; return what it prints."""
    return printed(command, cwd=folder, **options)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone in a folder with such a name, and this environment in it."""
    return project.clone(tmp_path_factory.mktemp("of") / NAME)


def test_no_recipe_names_the_folder(clone):
    text = run(["make", "--dry-run", *TARGETS, "speech", "slurm", "lock"], clone)
    assert "-m snakemake" in text
    assert "clöne" not in text


@pytest.mark.slow
def test_a_clone_works_whatever_its_folder_is_called_and_after_a_move(clone, tmp_path):
    """What a job made before the move does not run again."""
    assert "| train " in run(["make", "preview", "CORES=2"], clone)
    snakemake = (".venv/bin/python", "-m", "snakemake", "--cores", "1")
    job = (*snakemake, "results/data/mnist5k.h5")
    assert "1 of 1 steps" in run(job, clone)
    moved = clone.rename(tmp_path / 'moved $(clone) & "it\'s"')
    try:
        assert "make_environment" not in run(["make", "--dry-run", "study"], moved)
        assert "Nothing to be done" in run(job, moved)
        assert "1 of 1 steps" in run((*job, "--forceall"), moved)
    finally:
        moved.rename(clone)


# The tests may run under a `make` with other requirements.
MAKE = ("make", f"PYTHON={PYTHON}", "REQUIREMENTS=envs/requirements.txt")


@pytest.fixture
def bare(tmp_path):
    """A clone's Makefile and what makes its environment, which needs no packages."""
    folder = tmp_path / NAME
    (folder / "envs").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("check_python.py", "make_environment.py"):
        shutil.copy(ROOT / "envs" / name, folder / "envs")
    (folder / "envs/requirements.txt").touch()
    return folder


def start_making(folder):
    """Start to make the environment of a clone; return the process."""
    return subprocess.Popen(
        [*MAKE, ".venv/done"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_until(true):
    """Wait until a condition holds; fail if it does not."""
    end = time.monotonic() + TIMEOUT_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_of_several_makes_makes_the_environment_and_it_can_move(bare, tmp_path):
    python = bare / ".venv/bin/python"
    killed = start_making(bare)
    wait_until(python.exists)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not (bare / ".venv/done").exists()
    makes = [start_making(bare) for _ in range(3)]
    texts = [make.communicate(timeout=TIMEOUT_S)[0] for make in makes]
    assert [make.returncode for make in makes] == [0, 0, 0], texts
    assert "".join(texts).count("Making .venv from envs/requirements.txt") == 1
    # Other requirements are added to what is there.
    (bare / ".venv/kept").touch()
    (bare / "envs/requirements.txt").write_text("# nothing more\n")
    again = start_making(bare)
    assert "Making .venv from" in again.communicate(timeout=TIMEOUT_S)[0]
    assert (bare / ".venv/kept").exists()
    moved = bare.rename(tmp_path / "moved")
    assert "is up to date" in run([*MAKE, ".venv/done"], moved)
    pip, python = moved / ".venv/bin/pip", moved / ".venv/bin/python"
    assert f"from {moved}/.venv/lib" in run([pip, "--version"], moved)
    assert f"from {moved}/.venv/lib" in run([python, pip, "--version"], moved)


CONTENT = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(CONTENT).hexdigest()
LOCATE = """
import sys
from sharpminima.data import raw_files
raw_files.locate(sys.argv[1], {"a.bin": sys.argv[2]}, [sys.argv[3]])
"""


@pytest.fixture
def slow_server():
    """A server that sends a half, and the other half when it may; half-way requests."""
    may_end, halfway = threading.Event(), []

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            half = len(CONTENT) // 2
            self.wfile.write(CONTENT[:half])
            self.wfile.flush()
            halfway.append(self.path)
            may_end.wait(TIMEOUT_S)
            self.wfile.write(CONTENT[half:])

        def log_message(self, *args):
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            """Say nothing of clients that are killed."""

    server = Server(("127.0.0.1", 0), Slow)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", may_end, halfway
    may_end.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_clones_download_into_one_folder_at_once_and_one_may_die(slow_server, tmp_path):
    address, may_end, halfway = slow_server
    folder = tmp_path / "shared/raw"
    folder.parent.mkdir(mode=0o755)
    command = [sys.executable, "-c", LOCATE, str(folder), SHA256, address]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow/scripts")}
    clones = [subprocess.Popen(command, env=environment) for _ in range(3)]
    wait_until(lambda: len(halfway) == 3)
    # Half a file has another name, and what dies leaves no file of this one.
    clones[0].kill()
    clones[0].wait()
    path = folder / "a.bin"
    assert not path.exists()
    assert len(list(folder.iterdir())) == 3
    may_end.set()
    while any(clone.poll() is None for clone in clones):
        assert not path.exists() or path.read_bytes() == CONTENT
    assert [clone.returncode for clone in clones] == [-signal.SIGKILL, 0, 0]
    assert path.read_bytes() == CONTENT
    # Every user of the folder may read it.
    assert path.stat().st_mode & 0o777 == folder.stat().st_mode & 0o666
    assert subprocess.run(command, env=environment, check=True).returncode == 0
    assert len(halfway) == 3
