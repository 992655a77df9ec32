"""The JSON Schema of a sweep's YAML file, for editors: completion, descriptions, warnings."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from sweeper import families
from sweeper.config.check import Head, SamplerSeed
from sweeper.config.model import Budget, Confirm, Resources, SweepConfig
from sweeper.config.objective import BETTER, ObjectiveOptions
from sweeper.config.search_space import ParamSpec
from sweeper.training.options import TrainingOptions

__all__ = ["json_schema", "schema_text"]

Schema = dict[str, Any]

_OWN_MEMBER = {"type": "string", "pattern": ":"}
_DIALECT = "http://json-schema.org/draft-07/schema#"


def schema_text() -> str:
    """`json_schema` as the text of the published file."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def json_schema() -> Schema:
    """The schema of a sweep's file; the options of every family's members are in it."""
    param = TypeAdapter(ParamSpec).json_schema(schema_generator=_Draft7)
    properties = _properties()
    own = {"properties": {"task": _OWN_MEMBER}, "required": ["task"]}
    return {
        "$schema": _DIALECT,
        "title": "sweep",
        "description": "One sweep over one search space",
        "type": "object",
        "additionalProperties": False,
        "required": ["training", "search_space", "budget"],
        "properties": {key: properties[key] for key in SweepConfig.model_fields},
        "if": own,
        "then": {"properties": {"training": {"required": ["epochs"]}}},
        "else": {"required": ["model", "data"], "properties": _trained_sections()},
        "$defs": {**param.pop("$defs"), "Param": param},
    }


def _properties() -> dict[str, Schema]:
    components = {
        "model": "the network and its hyperparameters",
        "data": "the recordings",
        "training": "how the network is trained",
    }
    return {
        "name": {"type": "string", "description": "name of the sweep; default: the file's stem"},
        **_model(Head)["properties"],
        **{key: {"description": text} for key, text in components.items()},
        "search_space": _search_space(),
        "objective": _objective(),
        "sampler": _component("samplers", "proposes the parameters", _model(SamplerSeed)),
        "pruner": _component("pruners", "ends a trial early that will not be good"),
        "budget": _model(Budget),
        "resources": _model(Resources),
        "enqueue": {
            "type": "array",
            "items": {"type": "object", "minProperties": 1},
            "description": "points that are tried first; what one leaves out is sampled",
        },
        "confirm": _model(Confirm),
    }


def _objective() -> Schema:
    schema = _model(ObjectiveOptions)
    schema["properties"]["metric"]["examples"] = list(BETTER)
    return {"anyOf": [{"type": "string", "examples": list(BETTER)}, schema]}


def _trained_sections() -> dict[str, Schema]:
    """The sections of a trial, where the task is sweeper's own."""
    training = _model(TrainingOptions)
    terms = {n: _options("losses", n) for n in families.member_names("losses")}
    training["properties"]["loss"] = {
        "description": "a loss, or losses to add up, each with its weight and options",
        "anyOf": [
            {"enum": list(terms)},
            _OWN_MEMBER,
            {
                "type": "object",
                "minProperties": 1,
                "properties": {n: _term(schema) for n, schema in terms.items()},
                "patternProperties": {":": {}},
                "additionalProperties": False,
            },
        ],
    }
    training["properties"]["schedule"] = _component("schedules", "learning rate by epoch")
    # the search space may set it instead
    training["required"] = ["epochs"]
    return {
        "model": _component("models", "the network and its hyperparameters"),
        "data": _component("datasets", "the recordings"),
        "training": training,
    }


def _term(options: Schema) -> Schema:
    weight = {"type": "number", "exclusiveMinimum": 0, "default": 1.0, "description": "its factor"}
    whole = {**options, "properties": {"weight": weight, **options["properties"]}}
    return {"anyOf": [weight, {"type": "null"}, whole]}


def _component(family: str, description: str, more: Schema | None = None) -> Schema:
    """A member's name, or a mapping of name and options; the name decides which options."""
    names = list(families.member_names(family))
    name: Schema = {"anyOf": [{"enum": names}, _OWN_MEMBER], "description": "; ".join(names)}
    extra: dict[str, Schema] = (more or {}).get("properties", {})
    return {
        "description": description,
        "anyOf": [
            {"enum": names},
            _OWN_MEMBER,
            {
                "type": "object",
                "required": ["name"],
                "properties": {"name": name, **extra},
                "allOf": [_if_named(family, member, extra) for member in names],
            },
        ],
    }


def _if_named(family: str, member: str, extra: Mapping[str, Schema]) -> Schema:
    options = _options(family, member)
    name = {"const": member, "description": options.get("description", "")}
    return {
        "if": {"properties": {"name": {"const": member}}, "required": ["name"]},
        "then": {**options, "properties": {"name": name, **extra, **options["properties"]}},
    }


def _options(family: str, member: str) -> Schema:
    """The options of a member; none is required, the search space may set it."""
    factory = families.load(family, member)
    schema = _model(families.options(factory))
    schema.pop("required", None)
    return {**schema, "description": _summary(inspect.getdoc(factory) or "")}


def _model(model: type[BaseModel]) -> Schema:
    return {"properties": {}, **model.model_json_schema(schema_generator=_Draft7)}


def _search_space() -> Schema:
    param = {"$ref": "#/$defs/Param"}
    return {
        "description": "what is searched: options of training (lr), model.* and data.*",
        "type": "object",
        "minProperties": 1,
        # beside a $ref, draft 7 reads nothing
        "properties": {n: {"allOf": [param], "description": d} for n, d in _parameters().items()},
        "additionalProperties": param,
    }


def _parameters() -> dict[str, str]:
    """Everything that can be searched in sweeper's own tasks, with what it means."""
    found = {name: field.description or "" for name, field in TrainingOptions.model_fields.items()}
    del found["epochs"]
    for section, family in (("model", "models"), ("data", "datasets")):
        for member in families.member_names(family):
            options = families.options(families.load(family, member))
            for option, field in options.model_fields.items():
                own = f"{member}: {field.description or option}"
                name = f"{section}.{option}"
                found[name] = f"{found[name]}; {own}" if name in found else own
    return found


class _Draft7(GenerateJsonSchema):
    """Draft 7, which YAML editors know; without titles made of names."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        found.pop("title", None)
        if "description" in found:
            found["description"] = _summary(found["description"])
        return found

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:
        found = super().tuple_schema(schema)
        if "prefixItems" in found:
            found["items"] = found.pop("prefixItems")
        return found

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        found = super().tagged_union_schema(schema)
        found.pop("discriminator", None)
        return found


def _summary(docstring: str) -> str:
    """The first paragraph as plain text on one line."""
    return " ".join(docstring.partition("\n\n")[0].split()).replace("``", "")
