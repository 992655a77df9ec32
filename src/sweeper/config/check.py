"""From what the user wrote to a configuration, or to every mistake in it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sweeper import families
from sweeper.config.check_space import Space, check_space
from sweeper.config.check_targets import Targets
from sweeper.config.document import read
from sweeper.config.enqueue import check_enqueue
from sweeper.config.messages import Mistake, did_you_mean, shown, unknown
from sweeper.config.model import NAME, Budget, Confirm, Repeats, Resources, Seed, SweepConfig
from sweeper.config.objective import check_objective
from sweeper.config.sections import (
    SECTIONS,
    FreeSections,
    Section,
    SectionRules,
    TrainedSections,
    broken_rule,
    check_component,
    check_options,
)
from sweeper.config.webhook import Webhook
from sweeper.errors import ConfigError, Problem
from sweeper.training.options import TrainingOptions

__all__ = ["Head", "SamplerSeed", "load"]

Parts = dict[str, Any]

_EXAMPLES = {
    "model": "{name: dprnn}",
    "data": "{name: demo}",
    "training": "{epochs: 12, lr: 1e-3}",
    "search_space": "{lr: {type: float, low: 1e-4, high: 1e-2, log: true}}",
    "budget": "{trials: 24}",
}


class Head(BaseModel):
    """The single values of a sweep, other than its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = Field(1, description="version of this format")
    experiment: str = Field("sweeper", min_length=1, description="MLflow experiment")
    seed: Seed = Field(0, description="seeds the trials, and the sampler unless it has its own")
    task: str = Field(
        "enhancement", description="what a trial does: enhancement, or your own package.module:name"
    )
    repeats: Repeats = Field(
        "reuse",
        description="a proposal that has been trained: reuse its result, or train it with another "
        "seed, to see the noise",
    )
    warm_start: tuple[str, ...] = Field(
        (), description="sweeps whose trials the sampler is shown, taken when this one begins"
    )
    notify: Webhook | None = Field(
        None,
        description="a webhook that is told how the sweep ended: https://..., or $NAME of the "
        "environment variable that holds its address, which is a secret; default: $SWEEPER_NOTIFY",
    )


def load(path: str | Path, overrides: Sequence[str] = ()) -> SweepConfig:
    """Read and check a sweep's YAML file.

    Args:
        path: the file; its stem is the sweep's name where the file gives none.
        overrides: values of ``--set``, each ``dotted.key=value`` with a YAML value.

    Raises:
        ConfigError: every mistake there is, each with its line or flag.
    """
    document = read(Path(path), overrides)
    parts, mistakes = _check(document.tree, Path(path).stem)
    problems = [*document.problems, *map(document.problem, mistakes)]
    if problems:
        raise ConfigError(sorted(dict.fromkeys(problems), key=_line))
    return SweepConfig.from_json(parts)


def _line(problem: Problem) -> float:
    """Lines of the file in their order, then flags in theirs."""
    line = re.search(r":(\d+)(?= and |$)", problem.where)
    return math.inf if problem.where.startswith("--set") or line is None else int(line[1])


def _check(tree: Mapping[str, Any], stem: str) -> tuple[Parts, list[Mistake]]:
    task = tree.get("task")
    own_task = isinstance(task, str) and families.is_dotted(task)
    space, wrong_space = _check_space(tree)
    head, wrong_head = _check_head(tree, stem)
    sections, wrong_sections = _check_sections(tree, space, own_task)
    rest, wrong_rest = _check_rest(tree, space, own_task)
    engine, wrong_engine = _check_engine(tree, space, head.get("seed", 0), sections)
    mistakes = wrong_space + wrong_head + wrong_sections + wrong_rest + wrong_engine
    mistakes += _one_objective_only(engine["sampler"], rest["objective"])
    specs = {n: spec.model_dump(mode="json") for n, spec in space.specs.items()}
    parts = head | sections | {"search_space": specs} | rest | engine
    return parts, [*_wrong_keys(tree, own_task), *mistakes]


def _wrong_keys(tree: Mapping[str, Any], own_task: bool) -> list[Mistake]:
    mistakes = [
        Mistake((key,), _unknown_key(key)) for key in tree if key not in SweepConfig.model_fields
    ]
    optional = ("model", "data") if own_task else ()
    return mistakes + [
        Mistake((), f"the section {key} is missing, for example {key}: {_EXAMPLES[key]}")
        for key in _EXAMPLES
        if tree.get(key) is None and key not in optional
    ]


def _unknown_key(key: str) -> str:
    options = {f"training.{name}": name for name in TrainingOptions.model_fields}
    if key in options.values():
        return f"{key} is an option of training: write it there"
    sections = list(SweepConfig.model_fields)
    hint = did_you_mean(key, sections) or did_you_mean(f"training.{key}", options)
    return f"there is no section {key!r}{hint or ';'} sections: {', '.join(sections)}"


def _check_head(tree: Mapping[str, Any], stem: str) -> tuple[Parts, list[Mistake]]:
    given = {key: tree[key] for key in Head.model_fields if key in tree}
    head, mistakes = check_options(Head, given, ())
    name = tree.get("name", stem)
    if not isinstance(name, str) or not NAME.match(name):
        got = shown(name) if "name" in tree else f"{shown(name)}, the file's name: give a name"
        rule = "name must be up to 128 letters, digits, '.', '_' and '-' (a folder is called so)"
        mistakes.append(Mistake(("name",), f"{rule}, got {got}"))
    return {"name": name, **(head or {})}, mistakes + _wrong_task(tree.get("task", "enhancement"))


def _wrong_task(task: Any) -> list[Mistake]:
    names = families.member_names("tasks")
    if not isinstance(task, str) or task in names:
        return []
    if not families.is_dotted(task):
        return [Mistake(("task",), unknown(f"task: no task {task!r}", task, names, "tasks"))]
    try:
        families.load("tasks", task)
    except LookupError as error:
        return [Mistake(("task",), f"task: {error}")]
    return []


def _check_space(tree: Mapping[str, Any]) -> tuple[Space, list[Mistake]]:
    raw = tree.get("search_space")
    return (Space({}, {}), []) if raw is None else check_space(raw)


def _check_sections(
    tree: Mapping[str, Any], space: Space, own_task: bool
) -> tuple[Parts, list[Mistake]]:
    rules: SectionRules = FreeSections() if own_task else TrainedSections()
    raw: dict[Section, Any] = {s: {} if tree.get(s) is None else tree[s] for s in SECTIONS}
    targets = Targets(space, rules, raw)
    mistakes = targets.mistakes()
    parts: Parts = {}
    for section in SECTIONS:
        if tree.get(section) is None and not own_task:
            continue  # that it is missing is told already
        parts[section], wrong = targets.resolve(section)
        mistakes += wrong
    if space.sound and not mistakes:
        mistakes = [m for section in parts for m in targets.misfits(section)]  # type: ignore[arg-type]
    return parts, mistakes


def _check_rest(
    tree: Mapping[str, Any], space: Space, own_task: bool
) -> tuple[Parts, list[Mistake]]:
    objective, mistakes = check_objective(tree.get("objective"), space.specs, own_task)
    budget, wrong_budget = _check_section(Budget, tree.get("budget"), "budget")
    wanted = {} if tree.get("resources") is None else tree["resources"]
    resources, wrong_resources = _check_section(Resources, wanted, "resources")
    points, wrong_points = check_enqueue(tree.get("enqueue"), space)
    confirm, wrong_confirm = _check_section(Confirm, tree.get("confirm"), "confirm")
    mistakes = mistakes + wrong_budget + wrong_resources + wrong_points + wrong_confirm
    if budget is not None and len(points) > budget["trials"]:
        rule = f"enqueue has {len(points)} points, but budget.trials is {budget['trials']}"
        mistakes.append(Mistake(("enqueue",), f"{rule}: raise it, or remove points"))
    parts = {"objective": objective, "budget": budget, "resources": resources, "enqueue": points}
    return {**parts, "confirm": confirm}, mistakes


def _check_section(
    model: type[BaseModel], value: Any, name: str
) -> tuple[Parts | None, list[Mistake]]:
    if value is None:
        return None, []
    if not isinstance(value, Mapping):
        return None, [Mistake((name,), f"{name} must be a mapping, got {shown(value)}")]
    return check_options(model, value, (name,))


class SamplerSeed(BaseModel):
    """The sampler's own seed."""

    seed: Seed = Field(description="makes the proposals repeatable; default: the sweep's seed")


def _check_engine(
    tree: Mapping[str, Any], space: Space, seed: int, sections: Parts
) -> tuple[Parts, list[Mistake]]:
    """The sampler and the pruner."""
    given = _named(tree.get("sampler"), "tpe")
    sampler, mistakes = check_component("samplers", given, ("sampler",), ("seed",))
    if isinstance(given, Mapping):
        own = {"seed": given.get("seed", seed)}
        found, wrong = check_options(SamplerSeed, own, ("sampler",))
        seed, mistakes = (found or {}).get("seed", seed), mistakes + wrong
    mistakes = mistakes + _misfit("sampler", sampler, space.sound, space.specs, seed, 0)
    pruner, wrong = check_component("pruners", _named(tree.get("pruner"), "hyperband"), ("pruner",))
    epochs = (sections.get("training") or {}).get("epochs")
    mistakes += wrong + _misfit("pruner", pruner, epochs is not None, epochs)
    parts = {"sampler": None if sampler is None else {**sampler, "seed": seed}, "pruner": pruner}
    return parts, mistakes


def _one_objective_only(sampler: Parts | None, objective: Parts | None) -> list[Mistake]:
    """CMA-ES, ours or Optuna's own, ranks its trials by one value."""
    if sampler is None or objective is None or not objective["also"]:
        return []
    if "cmaes" not in sampler["name"].casefold():
        return []
    rule = f"{sampler['name']} improves one metric, but objective.also names more: use tpe"
    return [Mistake(("sampler",), f"sampler: {rule}")]


def _named(section: Any, default: str) -> Any:
    if section is None:
        return default
    return {"name": default, **section} if isinstance(section, Mapping) else section


def _misfit(key: str, section: Parts | None, known: bool, *supplied: Any) -> list[Mistake]:
    """A sampler or pruner may refuse what it is supplied with, once that is known."""
    if section is None or not known:
        return []
    options = {name: value for name, value in section.items() if name != "seed"}
    rule = broken_rule(f"{key}s", options, *supplied)
    return [Mistake((key,), f"{key}: {rule}")] if rule else []
