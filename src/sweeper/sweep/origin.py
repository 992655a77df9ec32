"""What trials are trained with beside their configuration: the code and the data, in hashes."""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import sweeper
from sweeper.config import SweepConfig
from sweeper.tracker.identity import DatasetIdentity

__all__ = ["origin_parts", "own_files"]

_TRAINS = (
    "trial.py",
    "tasks",
    "training",
    "models",
    "losses",
    "metrics",
    "schedules",
    "datasets",
    "data",
)
"""The parts of sweeper that a result depends on."""

_LIBRARIES = ("torch", "torchaudio", "numpy", "scipy", "soundfile")
_MEMBER = re.compile(r"([A-Za-z_]\w*)(\.\w+)*:[A-Za-z_]\w*\Z")


def origin_parts(
    config: SweepConfig, dataset: DatasetIdentity | None, folder: Path
) -> dict[str, str]:
    """Versions and hashes of the code that trains and of the data.

    The user's own code is the package that a ``package.module:Name`` of the configuration is in;
    for a single module, the modules beside it. What that imports from elsewhere is not followed,
    and data that a task of the user's own reads is not looked at.

    Args:
        folder: where the user's own modules are found.
    """
    own = Path(sweeper.__file__).parent
    parts = {"python": platform.python_version()}
    parts |= {library: _version(library) for library in _LIBRARIES}
    parts["code of sweeper"] = _hash((own, own / part) for part in _TRAINS)
    for name in sorted(_modules(config.to_json())):
        parts[f"code of {name}"] = _hash((place.parent, place) for place in _places(name, folder))
    parts["data"] = dataset.fingerprint if dataset else ""
    return parts


def own_files(config: SweepConfig, folder: Path) -> dict[str, str]:
    """A short hash of each file of the user's own code, by its name from where it is imported.

    Args:
        folder: where the user's own modules are found.
    """
    places = [place for name in _modules(config.to_json()) for place in _places(name, folder)]
    return {
        file.relative_to(place.parent).as_posix(): _content(file)[:12]
        for place in places
        for file in _files(place)
    }


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def _modules(value: Any) -> set[str]:
    """The first part of every ``package.module:Name`` in a configuration."""
    if isinstance(value, str):
        return {found[1]} if (found := _MEMBER.match(value)) else set()
    if isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    return set().union(*map(_modules, value)) if isinstance(value, list) else set()


def _places(name: str, folder: Path) -> Iterator[Path]:
    """The package's folder, or the modules beside the module."""
    spec = PathFinder.find_spec(name, [str(folder), *sys.path])
    if spec is None:
        return
    if spec.submodule_search_locations:
        yield from map(Path, spec.submodule_search_locations)
    elif spec.origin:
        yield from sorted(Path(spec.origin).parent.glob("*.py"))


def _hash(places: Iterable[tuple[Path, Path]]) -> str:
    """Of the source files in each place, or the file that it is, by name from ``top`` and content.

    Args:
        places: pairs of top and place.
    """
    digest = hashlib.sha256()
    for top, place in places:
        for file in _files(place):
            digest.update(f"{file.relative_to(top)} {_content(file)}\n".encode())
    return digest.hexdigest()


def _files(place: Path) -> list[Path]:
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


def _content(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
