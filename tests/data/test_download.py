from __future__ import annotations

import hashlib
import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shelf import Shelf, serving
from sweeper.data import download
from sweeper.errors import DataError

CONTENT = random.Random(0).randbytes(3_000_000)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with serving(Shelf({"a.bin": CONTENT})) as made:
        yield made


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "below" / "a.bin"


def get(shelf: Shelf, target: Path, **more: Any) -> list[int]:
    seen: list[int] = []
    options = {"attempts": 3, "pause_seconds": 0.0}
    download.download(f"{shelf.url}/a.bin", target, seen.append, **(options | more))
    return seen


def break_off(shelf: Shelf, target: Path, after: int) -> None:
    shelf.cuts = [after, 0]
    with pytest.raises(DataError, match=rf"cut\); {after:,} bytes are kept .*same command goes on"):
        get(shelf, target, attempts=1)
    assert not target.exists()
    shelf.asked.clear()


def test_a_file_is_fetched_with_progress(shelf: Shelf, target: Path) -> None:
    assert get(shelf, target)[-1] == len(CONTENT)
    assert target.read_bytes() == CONTENT
    assert [p.name for p in target.parent.iterdir()] == ["a.bin"]  # nothing partial is left


def test_size_and_version_are_asked_for(shelf: Shelf) -> None:
    found = download.remote(f"{shelf.url}/a.bin")
    assert found.size == len(CONTENT)
    assert found.version
    unknown = download.Remote(f"{shelf.url}/a.bin", None, "")
    shelf.lengths = shelf.versions = False
    assert download.remote(f"{shelf.url}/a.bin") == unknown
    shelf.heads = False
    assert download.remote(f"{shelf.url}/a.bin") == unknown
    shelf.heads = True
    with pytest.raises(DataError, match=r"b.bin: the server answers 404"):
        download.remote(f"{shelf.url}/b.bin")


def test_a_cut_connection_goes_on_where_it_was_cut(shelf: Shelf, target: Path) -> None:
    shelf.cuts = [1_000_000, 500_000]
    get(shelf, target)
    assert target.read_bytes() == CONTENT
    assert shelf.parts() == ["", "bytes=1000000-", "bytes=1500000-"]


def test_another_call_goes_on_with_what_is_there(shelf: Shelf, target: Path) -> None:
    break_off(shelf, target, 1_000_000)
    get(shelf, target)
    assert target.read_bytes() == CONTENT
    assert shelf.parts() == ["bytes=1000000-"]


def test_a_server_without_ranges_begins_anew(shelf: Shelf, target: Path) -> None:
    shelf.ranges, shelf.cuts = False, [1_000_000]
    get(shelf, target)
    assert target.read_bytes() == CONTENT
    assert shelf.parts() == ["", "bytes=1000000-"]


def test_a_server_without_versions_begins_anew(shelf: Shelf, target: Path) -> None:
    """Nothing says that what it has now is what was begun."""
    shelf.versions, shelf.cuts = False, [1_000_000]
    get(shelf, target)
    assert target.read_bytes() == CONTENT
    assert shelf.parts() == ["", ""]


def test_a_file_that_has_changed_meanwhile_begins_anew(shelf: Shelf, target: Path) -> None:
    break_off(shelf, target, 1_000_000)
    shelf.files["a.bin"] = CONTENT[::-1]
    get(shelf, target)
    assert target.read_bytes() == CONTENT[::-1]


def test_all_but_the_name_was_there(shelf: Shelf, target: Path) -> None:
    break_off(shelf, target, len(CONTENT) - 1)
    with download.partial(target).open("ab") as file:
        file.write(CONTENT[-1:])
    get(shelf, target)
    assert target.read_bytes() == CONTENT


def test_more_than_there_is_begins_anew(shelf: Shelf, target: Path) -> None:
    break_off(shelf, target, 10)
    download.partial(target).write_bytes(b"x" * (len(CONTENT) + 5))
    get(shelf, target)
    assert target.read_bytes() == CONTENT


def test_a_server_that_never_says_more_is_given_up(shelf: Shelf, target: Path) -> None:
    shelf.cuts = [0] * 9
    with pytest.raises(DataError, match=r"the connection was cut\); 0 bytes are kept"):
        get(shelf, target)
    assert len(shelf.parts()) == 3


def test_an_answer_without_a_length_is_taken_to_its_end(shelf: Shelf, target: Path) -> None:
    shelf.lengths = False
    get(shelf, target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "requests"), [(403, 1), (503, 3)])
def test_a_refusal_is_told(shelf: Shelf, target: Path, status: int, requests: int) -> None:
    shelf.status = status
    with pytest.raises(DataError, match=f"a.bin: the server answers {status}"):
        get(shelf, target)
    assert len(shelf.parts()) == requests


def test_no_server_and_no_web_address_are_told(target: Path) -> None:
    with pytest.raises(DataError, match="cannot be reached"):
        download.remote("http://127.0.0.1:9/a.bin")
    with pytest.raises(DataError, match="must begin with http"):
        download.remote("file:///etc/passwd")


def test_a_full_disk_is_told_at_once(shelf: Shelf, target: Path) -> None:
    target.parent.mkdir()
    download.partial(target).symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"a.bin.part: cannot be written \(No space left"):
        get(shelf, target)
    assert len(shelf.parts()) == 1


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_checksums(tmp_path: Path, algorithm: str) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(CONTENT)
    right = hashlib.new(algorithm, CONTENT).hexdigest()
    download.verify(file, right.upper())
    wrong = right[::-1]
    message = (
        f"a.bin: has the {algorithm.upper()} {right}, and should have {wrong}; it was put aside"
    )
    with pytest.raises(DataError, match=message):
        download.verify(file, wrong)
    assert not file.exists()
    assert (tmp_path / "a.bin.wrong").read_bytes() == CONTENT


def test_no_checksum_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'12' is no checksum"):
        download.verify(tmp_path / "a.bin", "12")


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("set/a.wav", CONTENT[:5000])
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (archive(), None),
        (archive()[:-50], "is no complete zip archive"),
        (archive().replace(CONTENT[100:110], b"0123456789"), "is damaged at set/a.wav"),
    ],
)
def test_without_a_checksum_archives_are_tested(
    tmp_path: Path, content: bytes, message: str | None
) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(content)
    if message is None:
        download.verify(file, None)
        assert file.exists()
    else:
        with pytest.raises(
            DataError, match=f"a.zip: {message}.*; it was put aside as a.zip.wrong, fetch it again"
        ):
            download.verify(file, None)
        assert not file.exists()
