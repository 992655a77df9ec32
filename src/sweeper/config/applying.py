"""A trial's configuration: the sweep's with the trial's parameters put in."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sweeper.config.model import SweepConfig
from sweeper.config.paths import put_in
from sweeper.config.search_space import FixedParam, active
from sweeper.config.sections import SECTIONS, Section
from sweeper.records import ParamValue

__all__ = ["apply", "flat_params", "sections"]

_UNCLEAR_ALONE = ("model", "data", "weight")


def apply(config: SweepConfig, params: Mapping[str, ParamValue]) -> dict[str, Any]:
    """The sections ``model``, ``data`` and ``training`` of one trial, as a YAML file has them.

    Fixed parameters are put in, given or not. The value of a parameter whose condition does not
    hold counts for nothing: its option keeps the section's value.

    Args:
        params: by name in the search space; every active parameter must be there.

    Raises:
        ValueError: a parameter is missing, or not in the search space.
    """
    values = _effective(config, params)
    written = sections(config)
    return {section: put_in(section, written[section], values) for section in SECTIONS}


def sections(config: SweepConfig) -> dict[Section, Any]:
    """The sections as they are written, without what a trial's parameters set."""
    return {
        "model": config.model.model_dump(mode="json"),
        "data": config.data.model_dump(mode="json"),
        "training": config.training,
    }


def _effective(config: SweepConfig, params: Mapping[str, ParamValue]) -> dict[str, ParamValue]:
    space = config.search_space
    fixed = {name: spec.value for name, spec in space.items() if isinstance(spec, FixedParam)}
    values = {**params, **fixed}
    names = active(space, values)
    strange = [name for name in params if name not in space]
    missing = [name for name in names if name not in values]
    if strange or missing:
        raise ValueError(
            "the parameters of a trial must be those of its search space, but "
            f"missing are {missing}, and unknown are {strange}"
        )
    return {name: values[name] for name in names}


def flat_params(config: SweepConfig, params: Mapping[str, ParamValue]) -> dict[str, ParamValue]:
    """One trial's options under the names that MLflow shows: ``lr``, ``n_fft``, ``model``, ...

    A name is the option's own; where two options of the sweep share it, each keeps its section
    (``model.n_fft`` and ``loss.multi_resolution_stft.n_fft``). An option that is null, and a
    parameter whose condition does not hold, is left out. Lists are JSON text.

    Raises:
        ValueError: as for `apply`.
    """
    values = _effective(config, params)
    options = dict(_options(apply(config, params)))
    written = dict(_options(sections(config)))
    every = {*config.search_space, *written, *options}
    shared = Counter(map(_own, every))
    inactive = config.search_space.keys() - values.keys()
    return {
        _own(name) if shared[_own(name)] == 1 and _own(name) not in _UNCLEAR_ALONE else name: value
        for name, value in options.items()
        if name not in inactive
    }


def _own(name: str) -> str:
    return name.rpartition(".")[2]


def _options(sections: Mapping[Any, Any]) -> Iterator[tuple[str, ParamValue]]:
    """Every option by its name in a search space; a component's name under its section's."""
    for section in SECTIONS:
        prefix = "" if section == "training" else f"{section}."
        if isinstance(name := sections[section].get("name"), str) and prefix:
            yield section, name
        yield from _inside(sections[section], prefix)


def _inside(holder: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, ParamValue]]:
    for key, value in holder.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            if title := _title(value):
                yield name, title
            yield from _inside(value, f"{name}.")
        elif isinstance(value, list):
            yield name, json.dumps(value)
        elif value is not None and (key != "name" or not prefix):
            yield name, value


def _title(value: Mapping[str, Any]) -> str | None:
    """The name of a component, the names of a loss's terms, None for other mappings."""
    if all(isinstance(part, Mapping) for part in value.values()):
        return "+".join(value) or None
    name = value.get("name")
    return name if isinstance(name, str) else None
