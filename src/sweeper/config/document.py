"""What the user wrote, file and ``--set`` flags together, with the place of every key."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeper.config.messages import Mistake, dotted, shown
from sweeper.config.yaml_core import KeyPath, Places, parse
from sweeper.errors import ConfigError, Problem

__all__ = ["Document", "read"]

_COMPONENTS = ("model", "data", "sampler", "pruner")
_FLAG = "--set "
_SPEC_KEYS = ("type", "low", "high", "log", "step", "choices", "value", "when")


@dataclass(frozen=True)
class Document:
    """Plain values and the place of each.

    Attributes:
        source: the file as the user named it.
        places: ``file:line`` or the flag, by key path.
        problems: what was wrong in reading it.
    """

    source: str
    tree: dict[str, Any]
    places: Places = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def problem(self, mistake: Mistake) -> Problem:
        """The mistake with the place of its path, or of the nearest part of it that has one.

        Where flags have set something inside of the path, they may be to blame, and are named too.
        """
        paths = (mistake.path[:length] for length in range(len(mistake.path), -1, -1))
        place = next((self.places[path] for path in paths if path in self.places), None)
        own = place or f"{self.source}:1"
        inside = (at for path, at in self.places.items() if _is_below(path, mistake.path))
        flags = [at for at in dict.fromkeys(inside) if at.startswith(_FLAG) and at != own]
        return Problem(" and ".join([own, *flags]), mistake.message)

    def override(self, flag: str) -> Document:
        """Put the value of one ``--set key=value`` in; the flag becomes its place."""
        place = f"{_FLAG}{flag}"
        key, equals, text = flag.partition("=")
        if not equals or not key.strip():
            rule = "must be key=value, for example --set budget.trials=100"
            return self._with_problems([Problem(place, rule)])
        value, places, problems = parse(text, lambda _: place)
        if problems:
            return self._with_problems(problems)
        tree = copy.deepcopy(self.tree)
        path = _path_of(tree, key.strip().split("."))
        try:
            _put(tree, path, value)
        except LookupError as error:
            return self._with_problems([Problem(place, str(error))])
        kept = {p: at for p, at in self.places.items() if p[: len(path)] != path}
        new = {(*path, *inner): place for inner in places} | {path: place}
        return Document(self.source, tree, {**kept, **new}, self.problems)

    def _with_problems(self, problems: Sequence[Problem]) -> Document:
        return Document(self.source, self.tree, self.places, (*self.problems, *problems))


def read(path: Path, flags: Sequence[str]) -> Document:
    """The file with its overrides.

    Raises:
        ConfigError: the file cannot be read as one YAML mapping.
    """
    source = str(path)
    value, places, problems = parse(_text(path), lambda line: f"{source}:{line}")
    if value is None and problems:
        raise ConfigError(problems)
    if not isinstance(value, dict):
        what = "is empty" if value is None else f"holds {shown(value)}"
        rule = f"{what}; it must be a mapping with model, data, training, search_space, ..."
        raise ConfigError([Problem(f"{source}:1", rule)])
    document = Document(source, value, places, tuple(problems))
    for flag in flags:
        document = document.override(flag)
    return document


def _is_below(path: KeyPath, top: KeyPath) -> bool:
    return 0 < len(top) < len(path) and path[: len(top)] == top


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        problem = "no such file"
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 text (byte {error.start})"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    raise ConfigError([Problem(str(path), problem)])


def _path_of(tree: dict[str, Any], parts: list[str]) -> KeyPath:
    """Where a dotted key points; names of parameters have dots of their own."""
    if parts[0] == "search_space" and len(parts) > 1:
        return ("search_space", *_parameter_path(tree.get("search_space"), parts[1:]))
    if parts[0] == "enqueue" and len(parts) > 2:
        return ("enqueue", _index(parts[1]), ".".join(parts[2:]))
    return tuple(_index(part) for part in parts)


def _parameter_path(space: Any, parts: list[str]) -> KeyPath:
    known = space if isinstance(space, dict) else {}
    for end in range(len(parts), 0, -1):
        name, rest = ".".join(parts[:end]), parts[end:]
        if name in known:
            return (name, *_inside_parameter(rest))
    for end in range(1, len(parts)):
        if parts[end] in _SPEC_KEYS:
            return (".".join(parts[:end]), *_inside_parameter(parts[end:]))
    return (".".join(parts),)


def _inside_parameter(parts: list[str]) -> KeyPath:
    if parts and parts[0] == "when" and len(parts) > 1:
        return ("when", ".".join(parts[1:]))
    return tuple(_index(part) for part in parts)


def _index(part: str) -> str | int:
    return int(part) if part.isascii() and part.isdigit() else part


def _put(tree: dict[str, Any], path: KeyPath, value: Any) -> None:
    holder: Any = tree
    for depth, key in enumerate(path[:-1]):
        holder = _enter(holder, key, path[: depth + 1])
    if isinstance(holder, list):
        _check_index(holder, path[-1], path)
        holder[int(path[-1])] = value
    else:
        holder[str(path[-1])] = value


def _enter(holder: Any, key: str | int, path: KeyPath) -> Any:
    """The collection at ``key``, made where there is none."""
    if isinstance(holder, list):
        _check_index(holder, key, path)
        found = holder[int(key)]
    else:
        found = holder.get(str(key))
    if isinstance(found, str) and len(path) == 1 and path[0] in _COMPONENTS:
        found = {"name": found}
    if found is None:
        found = {}
    if not isinstance(found, (dict, list)):
        name = dotted(path)
        raise LookupError(
            f"{name} is the single value {shown(found)}: give it whole, --set '{name}={{...}}'"
        )
    holder[key if isinstance(holder, list) else str(key)] = found
    return found


def _check_index(holder: list[Any], key: str | int, path: KeyPath) -> None:
    if not isinstance(key, int) or key >= len(holder):
        raise LookupError(
            f"{dotted(path[:-1])} is a list of {len(holder)}; its items are 0 to {len(holder) - 1}"
        )
