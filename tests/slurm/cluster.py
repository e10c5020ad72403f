"""A real Slurm of one node on this machine, which leaves nothing behind.

    python tests/slurm/cluster.py COMMAND

runs a command, such as `bash`, beside such a cluster. It needs root, and the Debian
packages in `PACKAGES`.

All files lie in one temporary folder. The daemons are children of this process, and end
with it. Fake device files stand for GPUs: Slurm hands them out, and sets
`CUDA_VISIBLE_DEVICES`, as it does with real ones.
"""

import os
import shutil
import socket
import string
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

FILES = Path(__file__).resolve().parent / "files"
PACKAGES = "munge slurmctld slurmd slurm-client slurmdbd mariadb-server"
# Of each package, and of what makes a database.
PROGRAMS = (
    *("munged", "slurmctld", "slurmd", "sbatch", "slurmdbd", "mariadbd"),
    "mariadb-install-db",
)
GPUS = 2
READY_S, ENDED_S = 60, 30
PORTS = ("controller_port", "node_port", "accounting_port", "database_port")


def lacking() -> str:
    """Return what this machine lacks to run a cluster, or nothing."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)} (Debian: apt-get install {PACKAGES})"
    return "" if os.geteuid() == 0 else "root"


@contextmanager
def cluster(*, accounting: bool):
    """Yield the environment variables that lead commands to the cluster, and no others.

    Args:
        accounting: Whether sacct knows of jobs. Many small clusters have none.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm")))
        values = {
            "folder": folder,
            "host": socket.gethostname().split(".")[0],
            "accounting": "accounting" if accounting else "no_accounting",
            "gpus": GPUS,
            "devices": f"0-{GPUS - 1}",
            "srun": shutil.which("srun"),
            **free_ports(),
        }
        configure(folder, values)
        environment = {
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        }
        run = Daemons(folder, environment, stack)
        start_munge(run)
        if accounting:
            start_accounting(run, values)
        run.start("slurmctld", "-D", "-c")
        run.wait_for("scontrol", "ping")
        run.start("slurmd", "-D")
        run.wait_for("sh", "-c", "sinfo --noheader --format=%T | grep -q idle")
        stack.callback(cancel_jobs, environment)
        yield environment


class Daemons:
    """Starts daemons that end with a stack, in reverse order."""

    def __init__(self, folder, environment, stack):
        self.folder, self._stack = folder, stack
        self.environment = os.environ | environment

    def start(self, *command):
        """Start a daemon in the foreground. It ends with this process, too."""
        with (self.folder / f"{Path(command[0]).name}.log").open("w") as log:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._stack.callback(process.wait)
        # Nothing needs to be saved: the folder goes as well.
        self._stack.callback(process.kill)

    def call(self, *command, **options):
        """Run a command to its end, or raise with what it printed."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, **options
        )
        if done.returncode:
            raise RuntimeError(
                f"{command} returned {done.returncode}. Received: {done.stderr}"
            )

    def wait_for(self, *command):
        """Wait until a command succeeds, or raise with the daemons' logs."""
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            if succeeds(command, self.environment):
                return
            time.sleep(0.1)
        logs = [path.read_text()[-2000:] for path in self.folder.glob("*.log")]
        raise TimeoutError(f"{command} fails after {READY_S} s. Received: {logs}")


def free_ports() -> dict[str, int]:
    """Return ports that nobody listens on, by name."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return dict(zip(PORTS, ports))


def configure(folder, values):
    """Write the files, with `values` filled in, and make the devices."""
    # munged demands that its clients can reach its socket.
    folder.chmod(0o755)
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    for file in FILES.iterdir():
        path = folder / ("bin" if file.name == "srun" else "") / file.name
        # slurmdbd demands that nobody else reads its password.
        path.touch(mode=0o700 if file.name == "srun" else 0o600)
        path.write_text(string.Template(file.read_text()).substitute(values))
    for index in range(GPUS):
        # Further names of /dev/null.
        os.mknod(folder / f"gpu{index}", 0o20600, os.makedev(1, 3))


def start_munge(run):
    """Start the daemon by which the others know each other, with a key of its own."""
    key = run.folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(128))
    files = {"key-file": key, "socket": run.folder / "munge.socket"}
    files |= {name: run.folder / f"munge.{name}" for name in ("pid-file", "seed-file")}
    flags = [f"--{name}={path}" for name, path in files.items()]
    run.start("munged", "--foreground", *flags)
    run.wait_for("munge", "--no-input", f"--socket={files['socket']}")


def start_accounting(run, values):
    """Start a database, the daemon that writes to it, and enter the cluster."""
    data, socket_ = run.folder / "database", run.folder / "database.socket"
    run.call(
        *("mariadb-install-db", "--no-defaults", "--user=root", "--skip-test-db"),
        *(f"--datadir={data}", "--auth-root-authentication-method=normal"),
    )
    run.start(
        *("mariadbd", "--no-defaults", "--user=root", f"--datadir={data}"),
        *("--bind-address=127.0.0.1", f"--port={values['database_port']}"),
        *(f"--socket={socket_}", f"--pid-file={run.folder / 'mariadbd.pid'}"),
    )
    client = ("--no-defaults", f"--socket={socket_}")
    run.wait_for("mariadb-admin", *client, "ping")
    run.call("mariadb", *client, input=(run.folder / "database.sql").read_text())
    run.start("slurmdbd", "-D")
    run.wait_for("sacctmgr", "--noheader", "list", "cluster")
    run.call("sacctmgr", "--immediate", "add", "cluster", "tests")


def cancel_jobs(environment):
    """Cancel all jobs, and wait until none of them is left.

    Processes of jobs are no children of the daemons, and would outlive them.
    """
    succeeds(["scancel", "--user=root"], environment)
    end = time.monotonic() + ENDED_S
    none = ("sh", "-c", "! squeue --noheader | grep -q .")
    while time.monotonic() < end and not succeeds(none, environment):
        time.sleep(0.2)


def succeeds(command, environment) -> bool:
    """Tell whether a command returns 0, and does so in half a minute."""
    environment = os.environ | environment
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=30)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    if missing := lacking():
        sys.exit(f"A cluster of Slurm needs {missing}.")
    with cluster(accounting=True) as environment:
        done = subprocess.run(sys.argv[1:], env=os.environ | environment)
    sys.exit(done.returncode)
