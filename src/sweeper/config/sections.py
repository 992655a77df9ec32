"""Checks of single sections against the options that they can have."""

from __future__ import annotations

import contextlib
import inspect
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from sweeper import families
from sweeper.config.messages import Mistake, closest, dotted, from_pydantic, shown, unknown
from sweeper.config.yaml_core import KeyPath
from sweeper.training.options import TrainingOptions

__all__ = [
    "SECTIONS",
    "FreeSections",
    "Section",
    "SectionRules",
    "TrainedSections",
    "broken_rule",
    "check_component",
    "check_options",
    "component_options",
]

Section = Literal["model", "data", "training"]
SECTIONS: tuple[Section, ...] = ("model", "data", "training")
"""What a trial is made of; the search space may set any option in them."""

Resolved = dict[str, Any]
Checked = tuple[Resolved | None, list[Mistake]]

_KINDS = {
    "models": "models",
    "datasets": "data sets",
    "losses": "losses",
    "schedules": "schedules",
    "samplers": "samplers",
    "pruners": "pruners",
}


class SectionRules(Protocol):
    """What the sections ``model``, ``data`` and ``training`` may hold; a task decides that."""

    def check(self, section: Section, value: Any) -> Checked:
        """The section with every default filled in, or its mistakes."""

    def options(self, section: Section, value: Any) -> Sequence[str] | None:
        """The names of the section's options, None where any name will do."""

    def broken_rule(self, section: Section, value: Any) -> str | None:
        """Why options that are right one by one do not fit together, as far as can be told."""


class TrainedSections:
    """Sections of sweeper's own tasks: members of the families, and `TrainingOptions`."""

    _FAMILIES: Mapping[Section, str] = {"model": "models", "data": "datasets"}

    def check(self, section: Section, value: Any) -> Checked:
        if section == "training":
            return _check_training(value)
        return check_component(self._FAMILIES[section], value, (section,))

    def options(self, section: Section, value: Any) -> Sequence[str] | None:
        if section == "training":
            return list(TrainingOptions.model_fields)
        model = component_options(self._FAMILIES[section], value)
        if model is None or model.model_config.get("extra") == "allow":
            return None
        return list(model.model_fields)

    def broken_rule(self, section: Section, value: Any) -> str | None:
        if section != "model":
            return None
        return broken_rule("models", value)


class FreeSections:
    """Sections of a task of the user's own: it reads what it likes; only the epochs are ours."""

    def check(self, section: Section, value: Any) -> Checked:
        if not isinstance(value, Mapping):
            return None, [Mistake((section,), f"{section} must be a mapping, got {shown(value)}")]
        if section != "training":
            return dict(value), []
        epochs = value.get("epochs")
        if isinstance(epochs, int) and not isinstance(epochs, bool) and epochs > 0:
            return dict(value), []
        path = ("training", "epochs") if "epochs" in value else ("training",)
        got = f", got {shown(epochs)}" if "epochs" in value else ""
        rule = "training needs epochs, a whole number > 0: the reports of a full training"
        return None, [Mistake(path, f"{rule}{got}")]

    def options(self, section: Section, value: Any) -> Sequence[str] | None:
        return None

    def broken_rule(self, section: Section, value: Any) -> str | None:
        return None


def check_options(model: type[BaseModel], value: Mapping[str, Any], path: KeyPath) -> Checked:
    """``value``, which stands at ``path``, with the defaults of ``model`` filled in."""
    try:
        found = model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        fields = model.model_fields
        descriptions = {name: field.description or "" for name, field in fields.items()}
        return None, from_pydantic(error, value, path, list(fields), descriptions)
    return _plain(found), []


def _plain(found: BaseModel) -> Resolved:
    """The values as JSON has them; a default that JSON has no word for stays the member's own."""
    values: Resolved = {}
    for name, value in found:
        try:
            values[name] = to_jsonable_python(value, inf_nan_mode="constants")
        except PydanticSerializationError:
            continue
    return values


def component_options(family: str, value: Any) -> type[BaseModel] | None:
    """The options of the member that ``value`` names, None where it names none."""
    name = value.get("name") if isinstance(value, Mapping) else value
    if not isinstance(name, str):
        return None
    try:
        return families.options(families.load(family, name))
    except LookupError:
        return None


def check_component(
    family: str, value: Any, path: KeyPath, not_options: Sequence[str] = ()
) -> Checked:
    """A member's name with its options: ``plateau``, or ``{name: plateau, patience: 3}``.

    Args:
        not_options: keys of the section that are no options; they are not looked at.
    """
    section = {"name": value} if isinstance(value, str) else value
    where = dotted(path)
    if not isinstance(section, Mapping):
        rule = f"{where} must be a name, or a mapping with name and options"
        return None, [Mistake(path, f"{rule}, got {shown(value)}")]
    name = section.get("name")
    if not isinstance(name, str):
        problem = f"{where} needs a name" if name is None else f"{where}.name must be text"
        return None, [Mistake(path, f"{problem}; {_valid_names(family)}")]
    try:
        model = families.options(families.load(family, name))
    except LookupError as error:
        name_path = (*path, "name") if isinstance(value, Mapping) else path
        return None, [Mistake(name_path, _no_member(family, name, where, error))]
    options = {k: v for k, v in section.items() if k != "name" and k not in not_options}
    found, mistakes = check_options(model, options, path)
    return (None if found is None else {"name": name, **found}), mistakes


def _valid_names(family: str) -> str:
    names = ", ".join(families.member_names(family))
    return f"{_KINDS[family]}: {names}, or your own package.module:Name"


def _no_member(family: str, name: str, where: str, error: LookupError) -> str:
    if families.is_dotted(name):
        return f"{where}: {error}"
    names = families.member_names(family)
    kinds = _KINDS[family]
    module, _, attribute = name.rpartition(".")
    if module and closest(name, names) is None:
        return f"{where}: your own is package.module:Name; did you mean '{module}:{attribute}'?"
    valid = unknown(f"{where}: {name!r} is not among the {kinds}", name, names, kinds)
    return f"{valid}, or your own package.module:Name"


def _check_training(value: Any) -> Checked:
    if not isinstance(value, Mapping):
        return None, [Mistake(("training",), f"training must be a mapping, got {shown(value)}")]
    found, mistakes = check_options(TrainingOptions, value, ("training",))
    schedule, loss, inside = _check_members(value)
    said = {m.path[1] for m in inside}  # it says more than the whole's message on the same key
    mistakes = [m for m in mistakes if not said & set(m.path[1:2])] + inside
    if found is None or schedule is None or mistakes:
        return None, mistakes
    if rule := broken_rule("schedules", schedule, found["epochs"]):
        return None, [Mistake(("training", "schedule"), f"training.schedule: {rule}")]
    weights = {term: {"weight": found["loss"][term]["weight"]} for term in loss}
    return {**found, "loss": {t: weights[t] | loss[t] for t in loss}, "schedule": schedule}, []


def _check_members(
    training: Mapping[str, Any],
) -> tuple[Resolved | None, dict[str, Resolved], list[Mistake]]:
    """Schedule and loss terms (these without their weights), each with its options filled in."""
    path: KeyPath = ("training", "schedule")
    schedule, mistakes = check_component("schedules", training.get("schedule", "none"), path)
    loss = training.get("loss", "si_sdr")
    given = {loss: {}} if isinstance(loss, str) else loss
    terms: dict[str, Resolved] = {}
    for term in given if isinstance(given, Mapping) else ():
        found, wrong = _check_term(term, given[term])
        mistakes = mistakes + wrong
        terms[term] = found or {}
    return schedule, terms, mistakes


def _check_term(term: str, given: Any) -> Checked:
    path: KeyPath = ("training", "loss", term)
    options = given if isinstance(given, Mapping) else {}  # else it is the weight alone
    if "name" in options:
        return None, [Mistake((*path, "name"), f"{dotted(path)} has no option 'name'")]
    found, mistakes = check_component("losses", {**options, "name": term}, path, ("weight",))
    return (None if found is None else {k: found[k] for k in found if k != "name"}), mistakes


_Make = Callable[..., Any]


def broken_rule(family: str, section: Mapping[str, Any], *supplied: Any) -> str | None:
    """The rule by which a member refuses these options together, None where it takes them."""
    options = {key: value for key, value in section.items() if key != "name"}
    factory = families.load(family, section["name"])
    values = dict(families.options(factory).model_validate(options))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _BUILDERS[family](factory, values, *supplied)
    except (ValueError, LookupError) as error:
        return " ".join(str(error).split())
    except Exception as error:  # a member of the user's own may fail in any way
        return f"{section['name']} fails with {type(error).__name__}: {error}"
    return None


def _build_model(factory: _Make, options: Resolved) -> None:
    """Build it without memory for its weights: they get shapes only."""
    import torch
    from torch.overrides import TorchFunctionMode

    class WithoutWeights(TorchFunctionMode):
        """Like ``torch.device("meta")`` for weights alone.

        That would make windows and the like by way of torch's compiler, and importing the compiler
        takes seconds.
        """

        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            on_meta = {"device": "meta"} if func is torch.empty else {}
            return func(*args, **{**(kwargs or {}), **on_meta})

    # what a model of the user's own cannot do without its weights is no rule of its options
    with WithoutWeights(), contextlib.suppress(RuntimeError):
        factory(**options)


def _build_schedule(factory: _Make, options: Resolved, epochs: int) -> None:
    import torch

    class Optimizer(torch.optim.Optimizer):
        """Has what schedules look at. Making a real one imports torch's compiler, for seconds."""

        def __init__(self) -> None:
            self.defaults: dict[str, Any] = {"lr": 1.0}
            self.param_groups: list[dict[str, Any]] = [{"params": [], "lr": 1.0}]

        def step(self, closure: Any = None) -> Any: ...

    factory(Optimizer(), epochs, **options)


def _build_here(factory: _Make, options: Resolved, *supplied: Any) -> None:
    """A pruner or a sampler; one of Optuna's own is supplied with nothing."""
    parameters = inspect.signature(factory).parameters.values()
    has_family_form = any(p.kind is p.POSITIONAL_ONLY for p in parameters)
    factory(*(supplied if has_family_form else ()), **options)


_BUILDERS: Mapping[str, Callable[..., None]] = {
    "models": _build_model,
    "schedules": _build_schedule,
    "pruners": _build_here,
    "samplers": _build_here,
}
