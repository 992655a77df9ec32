"""Download a data set's archives: size and licence first, then what is missing, then a check."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from sweeper.data import download
from sweeper.data.catalogue import CATALOGUE, Collection
from sweeper.errors import DataError

__all__ = ["fetch", "read_checksums"]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file that is to be had, and where it goes."""

    remote: download.Remote
    target: Path

    @property
    def missing(self) -> int | None:
        """How many bytes are still to come, None where the server does not say."""
        if self.target.is_file():
            return 0
        if self.remote.size is None:
            return None
        part = download.partial(self.target)
        return max(0, self.remote.size - (part.stat().st_size if part.is_file() else 0))


def fetch(
    name: str,
    folder: Path,
    console: Console,
    agreed: Callable[[], bool],
    *,
    base: str | None = None,
    checksums: Mapping[str, str] | None = None,
) -> bool:
    """Bring the files of the collection ``name`` into ``folder``; False where nobody agreed.

    Args:
        agreed: asked once the sizes and the licence have been shown, if anything is to be fetched.
        base: the address of a copy of the files, in place of the official one.
        checksums: MD5, SHA-1 or SHA-256 by file name.

    Raises:
        DataError: no such collection, no room, or a download that failed or is wrong.
    """
    collection = _known(name)
    begin = (base or collection.base).rstrip("/")
    wanted = [
        _Wanted(download.remote(f"{begin}/{file}"), folder / file) for file in collection.files
    ]
    _tell(collection, wanted, console)
    _refuse_without_room(wanted, folder)
    if any(file.missing != 0 for file in wanted) and not agreed():
        return False
    _bring(wanted, console, checksums or {})
    console.print(
        f"all of it is in {folder}; sweeper reads the archives as they are: "
        f"data: {{name: {collection.data}, root: {folder}}}",
        markup=False,
        soft_wrap=True,
    )
    return True


def _known(name: str) -> Collection:
    if name not in CATALOGUE:
        raise DataError(f"no data set {name!r} to fetch; there are {', '.join(CATALOGUE)}")
    return CATALOGUE[name]


def read_checksums(path: Path) -> dict[str, str]:
    """A list as ``sha256sum`` and ``md5sum`` write it: checksums by file name.

    Raises:
        DataError: it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as a list of checksums ({error})") from error
    rows = [line.split(maxsplit=1) for line in lines if line.strip()]
    if wrong := next((number for number, row in enumerate(rows, 1) if len(row) != 2), None):
        raise DataError(f"{path}, line {wrong}: must be a checksum and a file name")
    return {Path(name.lstrip("*")).name: checksum for checksum, name in rows}


def _tell(collection: Collection, wanted: list[_Wanted], console: Console) -> None:
    console.print(f"{collection.title}\n{collection.page}\nlicence: {collection.licence}\n")
    for file in wanted:
        size = "size unknown" if file.remote.size is None else decimal(file.remote.size)
        there = " (there)" if file.target.is_file() else ""
        console.print(f"  {file.target.name}  {size}{there}", markup=False)
    missing = [file.missing for file in wanted]
    total = decimal(sum(m for m in missing if m is not None))
    more = " and what has no size" if None in missing else ""
    console.print(f"to fetch: {total}{more}")


def _refuse_without_room(wanted: list[_Wanted], folder: Path) -> None:
    above = next(p for p in (folder, *folder.absolute().parents) if p.is_dir())
    needed, free = sum(file.missing or 0 for file in wanted), shutil.disk_usage(above).free
    if needed > free:
        raise DataError(
            f"{folder}: has {decimal(free)} of room, and {decimal(needed)} are to be fetched; "
            "choose another folder"
        )


def _bring(wanted: list[_Wanted], console: Console, checksums: Mapping[str, str]) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        for file in wanted:
            task = bar.add_task(file.target.name, total=file.remote.size)
            if not file.target.is_file():
                show = partial(_show, bar, task)
                download.download(file.remote.url, file.target, show)
            bar.update(task, description=f"checking {file.target.name}")
            _verify(file.target, checksums.get(file.target.name))
            bar.update(task, completed=file.remote.size, description=f"{file.target.name}: right")


def _show(bar: Progress, task: TaskID, there: int) -> None:
    bar.update(task, completed=there)


def _verify(target: Path, checksum: str | None) -> None:
    """Check the file, and keep its SHA-256 beside it, by which the next call checks it again."""
    kept = target.with_name(f"{target.name}.sha256")
    if checksum is None and kept.is_file():
        checksum = read_checksums(kept).get(target.name)
    download.verify(target, checksum)
    if not kept.is_file():
        kept.write_text(f"{download.checksum_of(target)}  {target.name}\n", encoding="utf-8")
