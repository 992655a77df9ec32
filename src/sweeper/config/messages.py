"""Mistakes in words: the rule, the value that broke it, and what would do."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sweeper.config.model import ADDRESS, STORAGE
from sweeper.config.yaml_core import KeyPath

__all__ = ["Mistake", "closest", "did_you_mean", "dotted", "from_pydantic", "shown", "unknown"]

_LONGEST_VALUE = 60
_OTHER_WORDS = {"min": "low", "max": "high", "values": "choices", "learning_rate": "lr"}
"""What other programs call the same."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at a key path of the configuration; the path becomes a line later."""

    path: KeyPath
    message: str


def dotted(path: KeyPath) -> str:
    """A key path as people write it: ``search_space.lr.choices[0]``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def shown(value: Any) -> str:
    """A value as YAML people know it, cut where it is long."""
    if isinstance(value, str):
        text = repr(value)
    else:
        text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


def closest(word: Any, names: Iterable[str]) -> str | None:
    """The one of ``names`` that is most like ``word``, None where none is."""
    if not isinstance(word, str):
        return None
    word = _OTHER_WORDS.get(word, word)
    by_folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def did_you_mean(word: Any, names: Iterable[str]) -> str:
    """``; did you mean 'x'?`` where a name is close to ``word``, else nothing."""
    found = closest(word, names)
    return f"; did you mean {found!r}?" if found else ""


def unknown(what: str, word: Any, names: Sequence[str], kind: str) -> str:
    """``what`` is not known: names the close one and all valid ones."""
    hint = did_you_mean(word, names) or ";"
    valid = f"{kind}: {', '.join(names)}" if names else f"there are no {kind}"
    return f"{what}{hint} {valid}"


def from_pydantic(
    error: ValidationError,
    value: Any,
    path: KeyPath,
    names: Sequence[str],
    descriptions: Mapping[str, str],
) -> list[Mistake]:
    """Every mistake that pydantic found in ``value``, which stands at ``path``.

    Args:
        names: the keys that are valid in ``value``.
        descriptions: what those keys mean.
    """
    grouped: dict[KeyPath, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        grouped.setdefault(_real_path(detail, value), []).append(detail)
    deepest = _without_losing_branches(grouped)
    mistakes: list[Mistake] = []
    for inner, details in deepest.items():
        full = (*path, *inner)
        word = inner[-1] if inner else ""
        if details[0]["type"] == "extra_forbidden":
            what = f"{dotted(path)} has no option {word!r}" if path else f"no section {word!r}"
            mistakes.append(Mistake(full, unknown(what, word, names, "valid")))
        elif details[0]["type"] == "missing" and isinstance(details[0]["loc"][-1], str):
            about = f" ({text})" if (text := descriptions.get(str(word))) else ""
            mistakes.append(Mistake(path, f"{dotted(path) or 'the file'} needs {word}{about}"))
        else:
            lines = _lines(dotted(full), details)
            if "{name:" in descriptions.get(str(word), "") and isinstance(details[0]["input"], str):
                lines = [f"{line}: write {{name: {details[0]['input']}}}" for line in lines]
            mistakes += [Mistake(full, line) for line in lines]
    return mistakes


def _real_path(detail: ErrorDetails, value: Any) -> KeyPath:
    """The error's location without pydantic's own parts (names of union branches, tags)."""
    path: list[str | int] = []
    for part in detail["loc"]:
        is_missing = detail["type"] == "missing" and part == detail["loc"][-1]
        if _has(value, part):
            value = value[part]
        elif not (is_missing and isinstance(value, Mapping)):
            continue
        path.append(part)
    return tuple(path)


def _has(holder: Any, part: str | int) -> bool:
    if isinstance(holder, Mapping):
        return part in holder
    return isinstance(holder, list) and isinstance(part, int) and part < len(holder)


def _without_losing_branches(
    grouped: Mapping[KeyPath, list[ErrorDetails]],
) -> dict[KeyPath, list[ErrorDetails]]:
    """Where one branch of a union got further into the value, the others say nothing useful.

    Nor does the length of a list whose items are wrong: pydantic counts the right ones.
    """

    def gone_beyond(path: KeyPath) -> bool:
        says_less = any(
            len(detail["loc"]) > len(path) or detail["type"] == "too_short"
            for detail in grouped[path]
        )
        return says_less and any(p != path and p[: len(path)] == path for p in grouped)

    return {path: details for path, details in grouped.items() if not gone_beyond(path)}


def _lines(name: str, details: Sequence[ErrorDetails]) -> list[str]:
    said = [d for d in details if d["type"] in ("value_error", "assertion_error")]
    if said:
        return [f"{name}: {line}" for d in said for line in _said(d).splitlines()]
    phrases = dict.fromkeys(_expected(d) for d in details)
    if "a number" in phrases:
        phrases.pop("a whole number", None)
    expected = " or ".join(phrases)
    value = details[0]["input"]
    return [f"{name} must be {expected}, got {shown(value)}{_remedy(value, details)}"]


def _said(detail: ErrorDetails) -> str:
    return str(detail.get("ctx", {}).get("error", detail["msg"]))


def _expected(detail: ErrorDetails) -> str:
    phrase = _PHRASES.get(detail["type"])
    if phrase is None:
        return detail["msg"].removeprefix("Input should be ")
    return phrase if isinstance(phrase, str) else phrase(detail.get("ctx", {}))


_FITTING = {
    ADDRESS: "local, auto or host:port of a cluster's head",
    STORAGE: "s3://bucket/prefix, without credentials (nodes that share a folder need no storage)",
}
_PHRASES: dict[str, str | Callable[[dict[str, Any]], str]] = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "finite_number": "a finite number",
    "float_type": "a number",
    "greater_than": lambda c: f"> {c['gt']:g}",
    "greater_than_equal": lambda c: f">= {c['ge']:g}",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "is_instance_of": lambda c: f"a Python object of {c['class']}, which YAML cannot give",
    "less_than": lambda c: f"< {c['lt']:g}",
    "less_than_equal": lambda c: f"<= {c['le']:g}",
    "list_type": "a list",
    "literal_error": lambda c: str(c["expected"]),
    "missing": "a longer list",
    "model_type": "a mapping",
    "multiple_of": lambda c: f"a multiple of {c['multiple_of']:g}",
    "none_required": "null",
    "string_pattern_mismatch": lambda c: _FITTING.get(c["pattern"], f"text like {c['pattern']}"),
    "string_type": "text",
    "too_long": lambda c: f"a list of at most {c['max_length']}",
    "too_short": lambda c: f"a list of at least {c['min_length']}",
    "tuple_type": "a list",
}


def _remedy(value: Any, details: Sequence[ErrorDetails]) -> str:
    """What to write instead, where that is plain."""
    kinds = {detail["type"] for detail in details}
    if isinstance(value, str) and kinds & {"int_type", "float_type"} and _reads_as_number(value):
        return " as text: remove the quotes"
    if isinstance(value, float) and "int_type" in kinds and value.is_integer():
        return f": write {int(value)}"
    names = [
        name
        for detail in details
        if detail["type"] == "literal_error"
        for name in re.findall(r"'([^']*)'", str(detail.get("ctx", {}).get("expected")))
    ]
    return did_you_mean(value, names) if isinstance(value, str) else ""


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
