"""Make an environment from a requirements file, unless it is there.

    python envs/make_environment.py VENV REQUIREMENTS

Of two at once, the second waits for the first and finds the environment made. What a
kill leaves is made anew. The programs of an environment find Python beside them, so it
can move, and its path may hold anything.
"""

import fcntl
import re
import subprocess
import sys
from pathlib import Path

# Python reads the two lines after the first as a text, and a shell as a command.
HEAD = b"""#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")/python" "$0" "$@"
' '''
"""
# What pip writes: one line, or a shell's where the path is long or holds a space.
HEAD_OF_PIP = re.compile(rb"\A#!(/bin/sh\n'''exec' .*\n' '''|.*/python[\d.]*)\n")


def main(folder: Path, requirements: Path) -> None:
    """Make the environment `folder`, and the file `done` in it."""
    done = folder / "done"
    with Path(f"{folder}.lock").open("w") as lock:
        take(lock, folder)
        if not is_newer(done, requirements):
            print(f"Making {folder} from {requirements}", flush=True)
            make(folder, requirements, lock)
            for program in (folder / "bin").iterdir():
                let_move(program)
        done.touch()


def take(lock, folder):
    """Wait until no other process makes the environment."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"Waiting for another make, which makes {folder}", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError:
        # Some file systems have no locks: then take care of it yourself.
        print(f"Cannot lock {lock.name}: run one make at a time.", file=sys.stderr)


def is_newer(path, other):
    """Tell whether `path` exists and is at least as new as `other`."""
    return path.exists() and path.stat().st_mtime >= other.stat().st_mtime


def make(folder, requirements, lock):
    """Install what is required into `folder`, made anew if it is unfinished."""
    new = [sys.executable, "-m", "venv", "--clear", str(folder)]
    install = [
        *(str(folder / "bin/python"), "-m", "pip", "install", "--quiet"),
        *("--disable-pip-version-check", "--require-hashes"),
        *("--requirement", str(requirements)),
    ]
    for command in [install] if (folder / "done").exists() else [new, install]:
        # They hold the lock, too: they may outlive this process.
        status = subprocess.run(command, pass_fds=[lock.fileno()], check=False)
        if status.returncode:
            sys.exit(status.returncode)


def let_move(program):
    """Let a program of Python find Python beside it, wherever both are."""
    if program.is_symlink() or not program.is_file():
        return
    content = program.read_bytes()
    if HEAD_OF_PIP.match(content):
        new = program.with_name(f"{program.name}.new")
        new.write_bytes(HEAD_OF_PIP.sub(lambda _: HEAD, content, count=1))
        new.chmod(program.stat().st_mode)
        new.replace(program)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
