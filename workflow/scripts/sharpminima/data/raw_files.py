"""Raw files: found in a folder, or downloaded, and accepted only by their checksum."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

import pooch
import requests

UNKNOWN = "unknown"  # stands in the config for a checksum that nobody knows yet


def locate(
    folder: str | Path,
    files: Mapping[str, str | list[str]],
    urls: Iterable[str] = (),
) -> dict[str, Path]:
    """Return the path of each of `files` in `folder`, and download missing ones.

    Args:
        folder: Where the files are, or where to put them.
        files: File name -> SHA-256 of its content, in hexadecimal. A list of checksums
            if the same content is distributed in several forms; `urls` have the first
            form. `unknown` for files that every user makes anew.
        urls: Folders on the web that hold the files, tried in turn.

    Raises:
        FileNotFoundError: If a file is missing and cannot be downloaded; the message
            says which files, their checksums, and where to put them.
        ValueError: If a name leads out of the folder, or is no regular file; or if the
            checksum of a file differs or is unknown; the message gives the one
            found.
    """
    folder = Path(folder)
    paths = {name: _within(folder, name) for name in files}
    accepted = {
        name: [sha] if isinstance(sha, str) else sha for name, sha in files.items()
    }

    missing = [name for name in files if not paths[name].exists()]
    for name in missing:
        failures = _download(paths[name], accepted[name][0], urls)
        if not paths[name].exists():
            raise FileNotFoundError(
                "raw files are missing and could not be downloaded. Put into "
                f"{folder.absolute()}:"
                + "".join(
                    f"\n  {name}  SHA-256 {accepted[name][0]}" for name in missing
                )
                + "\nworkflow/docs/datasets.md says where each dataset comes from.\n"
                + ("Tried:" if failures else "No address is known for them.")
                + "".join(f"\n  {failure}" for failure in failures)
            )

    # Files that were there are checked like downloads: they may be cut short.
    found = {name: pooch.file_hash(str(paths[name]), alg="sha256") for name in files}
    # State the checksums, so that the user only has to copy them.
    if [UNKNOWN] in accepted.values():
        raise ValueError(
            f"{folder}: these files are your own, and the config must state their "
            "SHA-256: results are made anew when it changes. Put into your study's "
            f"file:\ndatasets:\n  {folder.name}:\n    files:"
            + "".join(f"\n      {name}: {sha}" for name, sha in found.items())
        )
    for name, path in paths.items():
        if found[name] not in accepted[name]:
            raise ValueError(
                f"{path}: expected SHA-256 {' or '.join(accepted[name])}. "
                f"Received: {found[name]}. The file is damaged or of another version: "
                "replace it, or delete it to download it again."
            )
    return paths


def _within(folder, name):
    """Return the path of a file in `folder`; refuse a name that leads elsewhere."""
    path = folder / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ValueError(
            f"{folder}: expected the names of files in this folder. Received: {name!r}"
        )
    # A pipe or a device may never end.
    if path.exists() and not path.is_file():
        raise ValueError(f"{path}: expected a file. Received: something else")
    return path


def _download(path, sha256, urls):
    """Try each address until one has the file; return the failures before it.

    Pooch gives the file its name only if its checksum is right. So several processes
    may download the same file at once, into one folder.
    """
    failures = []
    for url in urls:
        try:
            pooch.create(
                path=path.parent,
                base_url=url.rstrip("/") + "/",
                registry={path.name: f"sha256:{sha256}"},
                retry_if_failed=2,
            ).fetch(path.name, downloader=_for_all)
        # Pooch raises a ValueError for a wrong checksum. Another address may do.
        except (requests.RequestException, OSError, ValueError) as error:
            failures.append(f"{url}: {error}")
            logging.warning("Download failed: %s", failures[-1])
        else:
            break
    return failures


def _for_all(url, file, registry):
    """Download a file that may be read by all who may list its folder."""
    pooch.HTTPDownloader(progressbar=True, timeout=30)(url, file, registry)
    # Pooch makes it for its owner alone.
    Path(file).chmod(Path(file).parent.stat().st_mode & 0o666)
