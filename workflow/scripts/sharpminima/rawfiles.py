"""Raw files: found in a folder, downloaded when missing, accepted by checksum alone."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

import pooch
import requests


def locate(
    folder: str | Path, files: Mapping[str, str], urls: Iterable[str] = ()
) -> dict[str, Path]:
    """Return the path of each of `files` in `folder`, downloading what is missing.

    Args:
        folder: Where the files are or shall be.
        files: File name -> SHA-256 of its content, in hexadecimal.
        urls: Folders on the web that hold these files, tried in turn.

    Raises:
        FileNotFoundError: If a file is missing and no address yields it; the message
            says which file, its checksum, where to put it and where to get it.
        ValueError: If a file's checksum differs; the message gives both.
    """
    paths = {name: Path(folder) / name for name in files}
    missing = {name: files[name] for name, path in paths.items() if not path.exists()}
    for name, sha256 in missing.items():
        failures = _download(paths[name], sha256, urls)
        if failures is not None:
            raise FileNotFoundError(_request(Path(folder), missing, failures))
    for name, sha256 in files.items():
        _verify(paths[name], sha256)
    return paths


def _verify(path, sha256):
    found = pooch.file_hash(str(path), alg="sha256")
    if found != sha256:
        raise ValueError(
            f"{path}: expected SHA-256 {sha256}. Received: {found}. The file is "
            "damaged or of another version: replace it, or delete it to have it "
            "downloaded again."
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


def _request(folder, missing, failures):
    """Return the message that asks for the files `missing` in `folder`."""
    files = "".join(f"\n  {name}  SHA-256 {sha}" for name, sha in missing.items())
    tried = "".join(f"\n  {failure}" for failure in failures)
    return (
        f"raw files are missing and could not be downloaded. Put into "
        f"{folder.absolute()}:{files}\n"
        + (f"Tried:{tried}" if failures else "No address is known for them.")
    )


def _fetch(path, sha256, url):
    pooch.create(
        path=path.parent,
        base_url=url.rstrip("/") + "/",
        registry={path.name: f"sha256:{sha256}"},
        retry_if_failed=2,
    ).fetch(path.name, downloader=pooch.HTTPDownloader(progressbar=True, timeout=30))
