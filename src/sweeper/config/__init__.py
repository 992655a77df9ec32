"""The configuration of a sweep: read, checked, resolved; frozen values from then on.

Light to import: members of families, and what they need, are imported only while a file is checked.
"""

from sweeper.config.applying import apply, flat_params
from sweeper.config.changes import Change, diff, newly_searched
from sweeper.config.check import load
from sweeper.config.fitting import fitted, is_inside
from sweeper.config.model import (
    Aim,
    Budget,
    Component,
    Confirm,
    Objective,
    Resources,
    SamplerComponent,
    SweepConfig,
)
from sweeper.config.params import same_value
from sweeper.config.schema import json_schema, schema_text
from sweeper.config.search_space import (
    CategoricalParam,
    FixedParam,
    FloatParam,
    IntParam,
    ParamSpec,
    SearchSpace,
)
from sweeper.config.webhook import check_webhook, host_of

__all__ = [
    "Aim",
    "Budget",
    "CategoricalParam",
    "Change",
    "Component",
    "Confirm",
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
    "check_webhook",
    "diff",
    "fitted",
    "flat_params",
    "host_of",
    "is_inside",
    "json_schema",
    "load",
    "newly_searched",
    "same_value",
    "schema_text",
]
