"""Raw files are found or downloaded, and accepted only by their checksum."""

import functools
import hashlib
import os
import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler

import pytest
import yaml

from sharpminima.data import raw_files

CONTENT = b"digits" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAME = "train-labels-idx1-ubyte.gz"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def web(tmp_path):
    """A folder and the address at which this machine serves it."""
    folder = tmp_path / "web"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=folder)
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def no_waiting(monkeypatch):
    """Pooch waits a second and more between retries."""
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)


def test_a_file_that_is_there_is_taken(tmp_path):
    (tmp_path / NAME).write_bytes(CONTENT)
    paths = raw_files.locate(tmp_path, {NAME: SHA256})
    assert paths == {NAME: tmp_path / NAME}


def test_a_missing_file_is_downloaded_from_the_first_address_that_has_it(
    web, tmp_path, no_waiting
):
    folder, address = web
    (folder / "mirror").mkdir()
    (folder / "mirror" / NAME).write_bytes(CONTENT)
    urls = [f"{address}/gone", f"{address}/mirror"]
    paths = raw_files.locate(tmp_path / "raw", {NAME: SHA256}, urls)
    assert paths[NAME].read_bytes() == CONTENT


def test_a_wrong_download_is_refused_and_leaves_nothing(web, tmp_path, no_waiting):
    folder, address = web
    (folder / NAME).write_bytes(b"an error page")
    raw = tmp_path / "raw"
    with pytest.raises(FileNotFoundError, match="hash of downloaded file"):
        raw_files.locate(raw, {NAME: SHA256}, [address])
    assert list(raw.iterdir()) == []


def test_without_a_network_the_error_asks_for_every_file(tmp_path, no_waiting):
    (tmp_path / NAME).write_bytes(CONTENT)
    files = {NAME: SHA256, "images.gz": "a" * 64, "labels.gz": "b" * 64}
    with pytest.raises(FileNotFoundError) as error:
        raw_files.locate(tmp_path, files, ["http://127.0.0.1:9"])
    for part in ("images.gz", "a" * 64, "labels.gz", "b" * 64, "http://127.0.0.1:9"):
        assert part in str(error.value)
    assert f"Put into {tmp_path}:" in str(error.value)
    assert NAME not in str(error.value)


def test_a_file_of_no_known_address_is_asked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match="No address is known"):
        raw_files.locate(tmp_path, {NAME: SHA256})


def test_a_file_of_another_content_is_refused(tmp_path):
    (tmp_path / NAME).write_bytes(b"other")
    with pytest.raises(ValueError, match=f"{NAME}: expected SHA-256 {SHA256}"):
        raw_files.locate(tmp_path, {NAME: SHA256})


def test_one_of_several_checksums_is_enough(tmp_path):
    (tmp_path / NAME).write_bytes(CONTENT)
    assert raw_files.locate(tmp_path, {NAME: ["a" * 64, SHA256]})
    with pytest.raises(ValueError, match=f"expected SHA-256 {'a' * 64} or {'b' * 64}"):
        raw_files.locate(tmp_path, {NAME: ["a" * 64, "b" * 64]})


def test_of_several_checksums_the_first_is_that_of_the_download(web, tmp_path):
    folder, address = web
    (folder / NAME).write_bytes(CONTENT)
    files = {NAME: [SHA256, "a" * 64]}
    paths = raw_files.locate(tmp_path / "raw", files, [address])
    assert paths[NAME].read_bytes() == CONTENT


def test_unknown_checksums_are_told_ready_to_be_pasted(tmp_path):
    folder = tmp_path / "timit"
    (folder / "train").mkdir(parents=True)
    (folder / "train/feats.scp").write_bytes(CONTENT)
    with pytest.raises(ValueError, match="your own") as error:
        raw_files.locate(folder, {"train/feats.scp": "unknown"})
    pasted = str(error.value).partition("file:\n")[2]
    files = {"train/feats.scp": SHA256}
    assert yaml.safe_load(pasted) == {"datasets": {"timit": {"files": files}}}


def test_the_error_says_how_to_get_the_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="workflow/docs/datasets.md"):
        raw_files.locate(tmp_path, {NAME: SHA256})


@pytest.mark.parametrize("name", ["../a", "x/../../a", "/etc/passwd"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=f"files in this folder. Received: '{name}'"):
        raw_files.locate(tmp_path / "raw", {name: "0" * 64})


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a")
    with pytest.raises(ValueError, match="a: expected a file. Received: something"):
        raw_files.locate(tmp_path, {"a": "0" * 64})
