"""The JSON Schema of summary.json, made from the types and docstrings of what is in it."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import is_dataclass
from typing import Any

from sweeper.summary.answer import SCHEMA, Summary

__all__ = ["json_schema", "schema_text"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def schema_text() -> str:
    """`json_schema` as the text of the published file."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def json_schema() -> Schema:
    """The schema; every object has all its keys, and those that are not known are null."""
    from pydantic import TypeAdapter

    found = TypeAdapter(Summary).json_schema(mode="serialization")
    known = _classes(Summary)
    for name, part in [("Summary", found), *found["$defs"].items()]:
        _describe(part, inspect.cleandoc(known[name].__doc__ or ""))
    version = {"const": SCHEMA, "description": "it rises when a field changes its meaning or goes"}
    found["properties"] = {"schema": version} | found["properties"]
    found["required"] = list(found["properties"])
    return {"$schema": _DIALECT} | found | {"title": "summary.json of a sweep"}


def _classes(root: type) -> dict[str, type]:
    """All dataclasses that a module of ``root`` or of one of them names, by their names."""
    found: dict[str, type] = {}
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if one.__name__ in found:
            continue
        found[one.__name__] = one
        names = vars(inspect.getmodule(one)).values()
        waiting += [each for each in names if isinstance(each, type) and is_dataclass(each)]
    return found


def _describe(part: Schema, doc: str) -> None:
    """Put what the docstring says into the schema of one class."""
    head, _, attributes = doc.partition("Attributes:")
    part["description"] = " ".join(head.split())
    part["additionalProperties"] = False
    part["required"] = list(part["properties"])
    for each in part["properties"].values():
        each.pop("title", None)  # pydantic's: the key once more
    for names, text in re.findall(r"^ +(\w[\w, ]*): (.*(?:\n {8}.*)*)", attributes, re.MULTILINE):
        for name in names.split(", "):
            if name in part["properties"]:
                part["properties"][name]["description"] = " ".join(text.split())
