"""YAML by the core schema of YAML 1.2, with the line of every key.

PyYAML speaks YAML 1.1, where ``1e-4`` is text, ``no`` is false, ``012`` is ten and ``1:30`` is
ninety. Here a scalar means what JSON and today's editors say it means. Plain data only: no tags
of other types, no anchors, no keys given twice.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import yaml

from sweeper.errors import Problem

__all__ = ["KeyPath", "Places", "dump", "parse"]

KeyPath = tuple[str | int, ...]
Places = dict[KeyPath, str]

_TAG = "tag:yaml.org,2002:"
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?|\.[0-9]+[eE][-+]?[0-9]+)$"
    r"|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"
)
_RESOLVERS = (
    ("null", re.compile(r"(~|null|Null|NULL|)$"), ("~", "n", "N", "")),
    ("bool", re.compile(r"(true|True|TRUE|false|False|FALSE)$"), tuple("tTfF")),
    ("int", re.compile(r"([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$"), tuple("-+0123456789")),
    ("float", _FLOAT, tuple("-+.0123456789")),
)


def _integer(text: str) -> int:
    return int(text, 0) if text.startswith(("0o", "0x")) else int(text)


def _number(text: str) -> float:
    number = math.inf if text[-1] in "fFnN" else float(text)
    if not math.isfinite(number):
        raise ValueError("numbers must be finite")
    return number


_SCALARS: dict[str, Callable[[str], Any]] = {
    f"{_TAG}null": lambda _: None,
    f"{_TAG}bool": lambda text: text.lower() == "true",
    f"{_TAG}int": _integer,
    f"{_TAG}float": _number,
    f"{_TAG}str": str,
}


class _CoreLoader(yaml.SafeLoader):
    """Composes nodes by the core schema; anchors are refused, they could grow without bound."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 (PyYAML's own protocol)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "anchor", None) is not None:
            raise yaml.MarkedYAMLError(
                problem="anchors (&) and aliases (*) are not supported: write the value out",
                problem_mark=cast("yaml.Mark", event.start_mark),
            )
        return super().compose_node(parent, index)


class _CoreDumper(yaml.CSafeDumper):
    """Quotes every text that either YAML 1.1 or 1.2 would read as something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def serialize(self, node: yaml.Node) -> None:
        _put_on_one_line(node, depth=0)
        super().serialize(node)


def _put_on_one_line(node: yaml.Node, depth: int) -> None:
    """Sections stay blocks of lines; what is inside of them stands on one line each."""
    if not isinstance(node, yaml.CollectionNode):
        return
    node.flow_style = node.flow_style or depth >= 2
    parts = itertools.chain(*node.value) if isinstance(node, yaml.MappingNode) else node.value
    for part in parts:
        _put_on_one_line(part, depth + 1)


for _name, _pattern, _first in _RESOLVERS:
    _CoreLoader.add_implicit_resolver(f"{_TAG}{_name}", _pattern, list(_first))
    _CoreDumper.add_implicit_resolver(f"{_TAG}{_name}", _pattern, list(_first))


def dump(value: Mapping[str, Any]) -> str:
    """YAML that `parse` reads back as it was; each entry of a section stands on one line."""
    text: str = yaml.dump(
        value,
        Dumper=_CoreDumper,
        sort_keys=False,
        default_flow_style=None,
        allow_unicode=True,
        width=100,
    )
    return text


def parse(text: str, place: Callable[[int], str]) -> tuple[Any, Places, list[Problem]]:
    """Read one document.

    Args:
        text: the YAML.
        place: the name of a line (from 1) for messages, such as ``file:line``.

    Returns:
        the value (None where the text cannot be read at all), the place of every key path, and the
        mistakes found.
    """
    try:
        node = yaml.compose(text, Loader=_CoreLoader)
    except yaml.MarkedYAMLError as error:
        return None, {}, [_syntax(error, place)]
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, {}, [Problem(place(line), f"not a text file: {error.reason}")]
    except RecursionError:
        return None, {}, [Problem(place(1), "nested too deeply")]
    builder = _Builder(place)
    value = None if node is None else builder.build(node, ())
    return value, builder.places, builder.problems


def _syntax(error: yaml.MarkedYAMLError, place: Callable[[int], str]) -> Problem:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "cannot be read"
    if r"'\t'" in problem:
        problem = "a tab where YAML wants spaces: indent with spaces"
    context = f" ({error.context})" if error.context and error.problem else ""
    return Problem(place(mark.line + 1 if mark else 1), f"YAML syntax: {problem}{context}")


class _Builder:
    """Turns nodes into plain values, noting the line of each."""

    def __init__(self, place: Callable[[int], str]) -> None:
        self.places: Places = {}
        self.problems: list[Problem] = []
        self._place = place

    def build(self, node: yaml.Node, path: KeyPath) -> Any:
        self.places.setdefault(path, self._place(node.start_mark.line + 1))
        if isinstance(node, yaml.MappingNode):
            return dict(self._items(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, i)) for i, item in enumerate(node.value)]
        return self._scalar(node)

    def _items(self, node: yaml.MappingNode, path: KeyPath) -> Iterator[tuple[str, Any]]:
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value
            if key_node.tag != f"{_TAG}str":
                self._problem(line, f"a key must be text, got {_shown(key)}: put it in quotes")
            elif key in lines:
                self._problem(line, f"{key!r} is given twice (first at line {lines[key]})")
            else:
                lines[key] = line
                self.places[*path, key] = self._place(line)
                yield key, self.build(value_node, (*path, key))

    def _scalar(self, node: yaml.Node) -> Any:
        line = node.start_mark.line + 1
        convert = _SCALARS.get(node.tag)
        if convert is None:
            self._problem(line, f"the tag {node.tag} is not supported: plain data only")
            return None
        try:
            return convert(node.value)
        except ValueError as error:
            self._problem(line, f"{node.value}: {error}")
            return None

    def _problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(self._place(line), message))


def _shown(key: Any) -> str:
    return repr(key) if isinstance(key, str) else "a collection"
