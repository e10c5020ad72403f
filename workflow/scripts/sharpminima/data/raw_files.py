"""Raw files: found in a folder, downloaded when missing, accepted by checksum alone."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

import pooch
import requests

UNKNOWN = "unknown"


def locate(
    folder: str | Path,
    files: Mapping[str, str | list[str]],
    urls: Iterable[str] = (),
    obtain: str = "workflow/docs/datasets.md says where each dataset comes from.",
) -> dict[str, Path]:
    """Return the path of each of `files` in `folder`, downloading what is missing.

    Args:
        folder: Where the files are or shall be.
        files: File name -> SHA-256 of its content, in hexadecimal; several where the
            same content is distributed in several forms, the one at `urls` first;
            `unknown` for files that everyone makes anew.
        urls: Folders on the web that hold these files, tried in turn.
        obtain: How to get the files, for the message that asks for them.

    Raises:
        FileNotFoundError: If a file is missing and no address yields it; the message
            says which file, its checksum, where to put it and where to get it.
        ValueError: If a file's checksum differs, or is unknown; the message gives the
            one that was found.
    """
    paths = {name: Path(folder) / name for name in files}
    accepted = {
        name: [sha] if isinstance(sha, str) else sha for name, sha in files.items()
    }
    missing = {name: accepted[name] for name in files if not paths[name].exists()}
    for name, (sha256, *_) in missing.items():
        failures = _download(paths[name], sha256, urls)
        if failures is not None:
            raise FileNotFoundError(_request(Path(folder), missing, failures, obtain))
    found = {name: _sha256(path) for name, path in paths.items()}
    if [UNKNOWN] in accepted.values():
        raise ValueError(_statement(Path(folder), found))
    for name, path in paths.items():
        _verify(path, accepted[name], found[name])
    return paths


def _sha256(path):
    return pooch.file_hash(str(path), alg="sha256")


def _verify(path, accepted, found):
    if found not in accepted:
        raise ValueError(
            f"{path}: expected SHA-256 {' or '.join(accepted)}. Received: {found}. The "
            "file is damaged or of another version: replace it, or delete it to have "
            "it downloaded again."
        )


def _statement(folder, found):
    """Return the message that asks to state the checksums `found` in the config."""
    lines = "".join(f"\n      {name}: {sha}" for name, sha in found.items())
    return (
        f"{folder}: these files are your own, and results are only kept up to date "
        "with files whose SHA-256 the config states. Put into your study's file:\n"
        f"datasets:\n  {folder.name}:\n    files:{lines}"
    )


def _download(path, sha256, urls):
    """Try each address in turn; return None, or why none of them would do.

    Pooch writes `path` only once the checksum fits.
    """
    failures = []
    for url in urls:
        try:
            _fetch(path, sha256, url)
        except (requests.RequestException, OSError, ValueError) as error:
            failures.append(f"{url}: {error}")
            logging.warning("Download failed: %s", failures[-1])
        else:
            return None
    return failures


def _request(folder, missing, failures, obtain):
    """Return the message that asks for the files `missing` in `folder`."""
    files = "".join(f"\n  {name}  SHA-256 {sha[0]}" for name, sha in missing.items())
    tried = "".join(f"\n  {failure}" for failure in failures)
    return (
        f"raw files are missing and could not be downloaded. Put into "
        f"{folder.absolute()}:{files}\n{obtain}\n"
        + (f"Tried:{tried}" if failures else "No address is known for them.")
    )


def _fetch(path, sha256, url):
    pooch.create(
        path=path.parent,
        base_url=url.rstrip("/") + "/",
        registry={path.name: f"sha256:{sha256}"},
        retry_if_failed=2,
    ).fetch(path.name, downloader=pooch.HTTPDownloader(progressbar=True, timeout=30))
