"""Checks of the search space against the options that its parameters set."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from sweeper.config.check_space import Space
from sweeper.config.messages import Mistake, closest, dotted, shown
from sweeper.config.paths import get, option_path, put_in
from sweeper.config.search_space import (
    CategoricalParam,
    FixedParam,
    FloatParam,
    ParamSpec,
    propose,
    witness,
)
from sweeper.config.sections import SECTIONS, Section, SectionRules
from sweeper.config.yaml_core import KeyPath
from sweeper.records import ParamValue

__all__ = ["Targets"]

_MOST_VALUES_TRIED = 256
_MOST_COMBINATIONS = 4096
_MOST_BUILDS = 32


class Targets:
    """What the parameters of a space set in the sections of a configuration.

    Args:
        space: the parameters.
        rules: what the sections may hold.
        sections: the sections as written.
    """

    def __init__(self, space: Space, rules: SectionRules, sections: Mapping[Section, Any]) -> None:
        self._space = space
        self._rules = rules
        self._sections = sections

    def mistakes(self) -> list[Mistake]:
        """Everything that is wrong with a parameter's name, and with its values one by one."""
        found: list[Mistake] = []
        for name in self._space.written:
            where = f"search_space.{name}"
            if wrong := self._wrong_name(name):
                found.append(Mistake(self._space.path(name), f"{where}{wrong}"))
            elif name in self._space.specs:
                found += self._wrong_values(name, self._space.specs[name])
        return found + self._overlaps()

    def resolve(self, section: Section) -> tuple[dict[str, Any] | None, list[Mistake]]:
        """The section with its defaults, without the options that every trial sets.

        An option whose parameter has a condition keeps the value that holds where the condition
        does not.
        """
        always = {n: _first(spec) for n, spec in self._space.specs.items() if not spec.when}
        try:
            value = put_in(section, self._sections[section], always)
        except LookupError:
            return None, []  # told with the parameter's values
        resolved, mistakes = self._rules.check(section, value)
        mine = [option_path(n) for n in self._space.written if n not in self._space.conditional]
        others = [m for m in mistakes if not any(_related(m.path, (s, *p)) for s, p in mine)]
        for name in always if resolved is not None else ():
            _remove(resolved, *option_path(name)[1]) if option_path(name)[0] == section else None
        return resolved, others

    def misfits(self, section: Section) -> list[Mistake]:
        """Values that are right one by one but do not go together (a hop above the frame).

        Asked where nothing else is wrong; looks at the ends of ranges and at all choices, at most
        32 combinations.
        """
        own = [n for n in self._space.specs if option_path(n)[0] == section]
        for params in itertools.islice(self._combinations(own), _MOST_BUILDS):
            rule = self._broken_rule(section, params)
            if rule is None:
                continue
            used = {n: params[n] for n in own if n in params}
            if not used or rule == self._broken_rule(section, {}):
                return [Mistake((section,), f"{section}: {rule}")]
            values = ", ".join(f"{name}: {shown(value)}" for name, value in used.items())
            place = self._space.path(list(used)[-1])
            return [Mistake(place, f"search_space with {values}: {rule}")]
        return []

    def _broken_rule(self, section: Section, params: Mapping[str, ParamValue]) -> str | None:
        value = put_in(section, self._sections[section], params)
        resolved, wrong = self._rules.check(section, value)
        if resolved is None:
            return wrong[0].message
        return self._rules.broken_rule(section, resolved)

    def _wrong_name(self, name: str) -> str:
        if name in SECTIONS and name not in self._space.specs:
            return ""  # told already: a section in place of a parameter
        section, inner = option_path(name)
        names = self._rules.options(section, self._sections[section])
        if inner == ("name",) and section != "training" and names is not None:
            return ": a component cannot be searched: one file for each, then compare the sweeps"
        if (section, inner) == ("training", ("epochs",)):
            return ": epochs is the budget of every trial and cannot be searched"
        if names is not None and inner[0] not in names:
            return self._no_option(name)
        given = get(self._sections[section], inner)
        if given is not None and name not in self._space.conditional:
            option = dotted((section, *inner))
            return f": {option} is also given in its section (as {shown(given)}): keep one of them"
        if len(inner) > 1 and names is not None and get(self._sections[section], inner[:1]) is None:
            whole = dotted((section, inner[0]))
            return f" is a part of {whole}, which is not given: write {whole} out first"
        return ""

    def _no_option(self, name: str) -> str:
        valid = [
            option if section == "training" else f"{section}.{option}"
            for section in SECTIONS
            for option in self._rules.options(section, self._sections[section]) or ()
            if (section, option) != ("training", "epochs")
        ]
        # `nfft` is meant for `model.n_fft`
        by_last = {option.rpartition(".")[2]: option for option in reversed(valid)}
        last = closest(name.rpartition(".")[2], by_last)
        meant = closest(name, valid) or (by_last[last] if last else None)
        hint = f"; did you mean {meant!r}?" if meant else ";"
        return f" names no option{hint} options: {', '.join(valid)}"

    def _overlaps(self) -> list[Mistake]:
        paths = {
            name: (s, *inner) for name in self._space.written for s, inner in [option_path(name)]
        }
        return [
            Mistake(
                self._space.path(part),
                f"search_space.{part} sets a part of what search_space.{whole} sets: keep one",
            )
            for whole, part in itertools.permutations(paths, 2)
            if paths[part][: len(paths[whole])] == paths[whole]
        ]

    def _wrong_values(self, name: str, spec: ParamSpec) -> list[Mistake]:
        where = f"search_space.{name}"
        if isinstance(spec, FloatParam) and self._wants_whole_numbers(name, spec):
            option = dotted((option_path(name)[0], *option_path(name)[1]))
            rule = f"{option} must be a whole number: use type: int or type: categorical"
            return [Mistake(self._space.path(name, "type"), f"{where}: {rule}")]
        ends = [
            Mistake(self._space.path(name, *at), f"{where}: {message}")
            for at, value in _deciding_values(spec)
            for message in self._refusals(name, value)
        ]
        return ends or self._wrong_inside(name, spec)

    def _wrong_inside(self, name: str, spec: ParamSpec) -> list[Mistake]:
        """Between the ends of a range, too, a value may be wrong (not a multiple of 2)."""
        for value in itertools.islice(spec.values() or (), _MOST_VALUES_TRIED):
            for message in self._refusals(name, value):
                rule = f"search_space.{name}: {message}; give a step, or use choices"
                return [Mistake(self._space.path(name), rule)]
        return []

    def _wants_whole_numbers(self, name: str, spec: FloatParam) -> bool:
        whole = max(1, round(spec.low))
        return bool(self._refusals(name, float(whole))) and not self._refusals(name, whole)

    def _refusals(self, name: str, value: ParamValue) -> list[str]:
        """Why the option refuses the value."""
        section, inner = option_path(name)
        before = self._rules.check(section, self._sections[section])[1]
        try:
            filled = put_in(section, self._sections[section], {name: value})
        except LookupError as error:
            return [str(error)]
        return [
            mistake.message
            for mistake in self._rules.check(section, filled)[1]
            if _related(mistake.path, (section, *inner)) and mistake not in before
        ]

    def _combinations(self, names: list[str]) -> Iterator[dict[str, ParamValue]]:
        """Trials that differ in the deciding values of ``names``, each such difference once."""
        specs = self._space.specs
        parents = {n: v for name in names for n, v in (witness(specs, name) or {}).items()}
        values = [[value for _, value in _deciding_values(specs[name])] for name in names]
        seen: set[tuple[tuple[str, ParamValue], ...]] = set()
        for combination in itertools.islice(itertools.product(*values), _MOST_COMBINATIONS):
            chosen = parents | dict(zip(names, combination, strict=True))
            params = propose(specs, lambda n, spec, c=chosen: c.get(n, _first(spec)))  # type: ignore[misc]
            key = tuple((n, params[n]) for n in names if n in params)
            if key not in seen:
                seen.add(key)
                yield params


def _deciding_values(spec: ParamSpec) -> list[tuple[KeyPath, ParamValue]]:
    """All choices, or the ends of a range, each with its place inside the parameter."""
    match spec:
        case CategoricalParam():
            return [(("choices", i), choice) for i, choice in enumerate(spec.choices)]
        case FixedParam():
            return [(("value",), spec.value)]
        case _:
            return [(("low",), spec.low), (("high",), spec.high)]


def _first(spec: ParamSpec) -> ParamValue:
    return _deciding_values(spec)[0][1]


def _related(path: KeyPath, option: KeyPath) -> bool:
    """Whether a mistake at ``path`` is about ``option``, a part of it, or what it is a part of."""
    shared = min(len(path), len(option))
    return shared > 1 and path[:shared] == option[:shared]


def _remove(section: Any, *inner: str) -> None:
    *outer, last = inner
    holder = get(section, tuple(outer))
    if isinstance(holder, dict):
        holder.pop(last, None)
