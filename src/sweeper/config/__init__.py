"""The configuration of a sweep: read, checked, resolved; frozen values from then on.

Light to import: members of families, and what they need, are imported only while a file is checked.
"""

from sweeper.config.applying import apply, flat_params
from sweeper.config.changes import Change, diff
from sweeper.config.check import load
from sweeper.config.model import (
    Budget,
    Component,
    Objective,
    Resources,
    SamplerComponent,
    SweepConfig,
)
from sweeper.config.schema import json_schema, schema_text
from sweeper.config.search_space import (
    CategoricalParam,
    FixedParam,
    FloatParam,
    IntParam,
    ParamSpec,
    SearchSpace,
)

__all__ = [
    "Budget",
    "CategoricalParam",
    "Change",
    "Component",
    "FixedParam",
    "FloatParam",
    "IntParam",
    "Objective",
    "ParamSpec",
    "Resources",
    "SamplerComponent",
    "SearchSpace",
    "SweepConfig",
    "apply",
    "diff",
    "flat_params",
    "json_schema",
    "load",
    "schema_text",
]
