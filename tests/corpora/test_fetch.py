"""`sweeper data fetch` against a server on loopback."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from shelf import Shelf, serving
from sweeper.cli.app import app
from sweeper.corpora.fetch import fetch, read_checksums
from sweeper.data import audio
from sweeper.data.catalogue import CATALOGUE
from sweeper.data.download import checksum_of
from sweeper.datasets.voicebank_demand import voicebank_demand
from sweeper.errors import DataError

NAME = "voicebank_demand_28spk"
FILES = CATALOGUE[NAME].files


def archive(folder: str, tmp_path: Path) -> bytes:
    """A zip as the official ones are: the recordings of three speakers in a folder."""
    import torch

    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for number, speaker in enumerate(("p225", "p226", "p287")):
            path = tmp_path / "made.wav"
            wave = torch.rand(480, generator=torch.Generator().manual_seed(number)) / 9
            audio.write(path, wave, 48000)
            file.write(path, f"{folder}/{speaker}_001.wav")
    return made.getvalue()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    files = {name: archive(name.removesuffix(".zip"), tmp_path) for name in FILES}
    with serving(Shelf(files)) as made:
        yield made


@pytest.fixture
def told() -> io.StringIO:
    return io.StringIO()


Bring = Callable[..., bool]


@pytest.fixture
def bring(shelf: Shelf, tmp_path: Path, told: io.StringIO) -> Bring:
    def call(*, agreed: bool = True, **more: object) -> bool:
        console = Console(file=told, width=200)
        options = {"base": shelf.url, **more}
        return fetch(NAME, tmp_path / "vb", console, lambda: agreed, **options)  # type: ignore[arg-type]

    return call


def test_size_and_licence_are_told_before_anything_is_fetched(
    bring: Bring, shelf: Shelf, told: io.StringIO, tmp_path: Path
) -> None:
    assert not bring(agreed=False)
    assert shelf.parts() == []
    assert not (tmp_path / "vb").exists()
    text = told.getvalue()
    assert "licence: CC BY 4.0" in text
    assert "https://datashare.ed.ac.uk/handle/10283/2791" in text
    assert all(name in text for name in FILES)
    total = sum(map(len, shelf.files.values()))
    assert f"to fetch: {total / 1000:.1f} kB" in text


def test_what_was_fetched_is_read_as_it_is(bring: Bring, tmp_path: Path) -> None:
    assert bring()
    made = voicebank_demand(root=tmp_path / "vb")
    assert (len(made.train), len(made.valid)) == (1, 2)
    assert len(made.train[0].clean) == 160


def test_another_call_fetches_what_is_missing_only(
    bring: Bring, shelf: Shelf, tmp_path: Path, told: io.StringIO
) -> None:
    bring()
    (tmp_path / "vb" / FILES[1]).unlink()
    shelf.asked.clear()
    bring()
    assert [name for method, name, _ in shelf.asked if method == "GET"] == [f"/set/{FILES[1]}"]
    assert "(there)" in told.getvalue()


def test_what_is_there_already_is_not_asked_about(bring: Bring) -> None:
    bring()
    assert bring(agreed=False)


def test_a_file_that_changed_on_disk_is_found(bring: Bring, tmp_path: Path) -> None:
    bring()
    damaged = tmp_path / "vb" / FILES[0]
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError, match=rf"{FILES[0]}: has the SHA256 .*it was put aside"):
        bring()
    bring()  # fetched again, and right


def test_a_wrong_checksum_is_told(bring: Bring, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"{FILES[2]}: has the MD5 .*fetch it again"):
        bring(checksums={FILES[2]: "0" * 32})
    there = {path.name for path in (tmp_path / "vb").iterdir()}
    assert FILES[2] not in there
    assert FILES[0] in there


def test_a_list_of_checksums(tmp_path: Path) -> None:
    file = tmp_path / "MD5SUMS"
    file.write_text(f"{'a' * 32}  sub/x.zip\n\n{'b' * 32} *y.zip\n")
    assert read_checksums(file) == {"x.zip": "a" * 32, "y.zip": "b" * 32}
    file.write_text("alone\n")
    with pytest.raises(DataError, match="MD5SUMS, line 1: must be a checksum and a file name"):
        read_checksums(file)


def test_the_command(shelf: Shelf, tmp_path: Path) -> None:
    sums = tmp_path / "SHA256SUMS"
    for name, content in shelf.files.items():
        (tmp_path / name).write_bytes(content)
    lines = [f"{checksum_of(tmp_path / name)}  {name}\n" for name in FILES]
    sums.write_text("".join(lines))
    command = ["data", "fetch", NAME, str(tmp_path / "vb"), "--from", shelf.url]
    refused = CliRunner().invoke(app, command, input="n\n")
    assert refused.exit_code == 2
    assert "Fetch it?" in refused.output
    done = CliRunner().invoke(app, [*command, "--yes", "--checksums", str(sums)])
    assert done.exit_code == 0
    assert f"root: {tmp_path / 'vb'}" in done.output
    assert {p.name for p in (tmp_path / "vb").iterdir()} >= set(FILES)


def test_an_unknown_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"no data set 'x' to fetch; there are {NAME}"):
        fetch("x", tmp_path, Console(file=io.StringIO()), lambda: True)


def test_a_disk_that_is_too_small_is_told(
    bring: Bring, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        free = 100

    monkeypatch.setattr("shutil.disk_usage", lambda _: Full)
    with pytest.raises(DataError, match="has 100 bytes of room"):
        bring()
    assert shelf.parts() == []
