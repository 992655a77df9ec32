"""A Ray cluster that others keep: joined, its nodes counted, and found fit to train on."""

from __future__ import annotations

import logging
import os
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeper import words
from sweeper.engine import environment
from sweeper.engine.resources import Node, Slots, plan_slots
from sweeper.engine.workers import kill_worker, node_of
from sweeper.errors import SweeperError

if TYPE_CHECKING:
    from sweeper.config import Resources
    from sweeper.engine.conductor import Conductor

__all__ = ["Cluster", "Ground", "join", "kill_anywhere", "slots_for"]

Sign = Mapping[str, Any]
log = logging.getLogger(__name__)
_LOOK_SECONDS = 2.0
_ANSWER_SECONDS = 60.0
_SHARE_SECONDS = 10.0
"""How long a new file may take to be seen on another machine, as NFS has its caches."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What every node must have.

    Attributes:
        folder: where the sweep began: the user's modules, and relative paths of data.
        sign: a file of this session in the sweep's folder; None where nodes need not see that.
    """

    folder: Path
    sign: Path | None

    def lacking(self) -> str:
        """What this machine does not have, in words; empty where all is there."""
        if not self.folder.is_dir():
            return f"has no folder {self.folder}, where the sweep began"
        if self.sign is None:
            return ""
        end = time.monotonic() + _SHARE_SECONDS
        while not self.sign.exists():
            if time.monotonic() >= end:
                return f"does not see the sweep's folder {self.sign.parent}"
            time.sleep(0.2)
        writable = os.access(self.sign.parent, os.W_OK)
        return "" if writable else f"cannot write to the sweep's folder {self.sign.parent}"


def join(address: str) -> None:
    """Become a driver of the cluster at ``address``.

    Raises:
        SweeperError: it does not answer, or this machine is none of its nodes.
    """
    environment.prepare()
    import ray

    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:
        what = words.printable(str(error)).strip().partition("\n")[0]
        raise SweeperError(
            f"cannot join the Ray cluster at {address}: {what or type(error).__name__}. "
            f"{_remedy(error)} To train on this machine alone: --address local"
        ) from error


def _remedy(error: Exception) -> str:
    # Ray ends with "Failed to connect"; what the cluster answered is in what led to that
    if "InvalidAuthToken" in "".join(traceback.format_exception(error)):
        return (
            "The cluster wants its token: set RAY_AUTH_MODE=token, and have the same "
            "~/.ray/auth_token on each node."
        )
    return "sweeper runs on one of its nodes (`ray start`), with the same Ray and Python."


def slots_for(resources: Resources) -> Slots:
    """The places for trials on this machine, or on the cluster, which is joined for a moment.

    Raises:
        ConfigError: more is asked for than there is.
        SweeperError: as `join`.
    """
    if not resources.on_cluster:
        return plan_slots(resources)
    with _joined(resources.address):
        return plan_slots(resources, [member.node for member in _members().values()])


@contextmanager
def _joined(address: str) -> Iterator[None]:
    import ray

    join(address)
    try:
        yield
    finally:
        ray.shutdown()


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    node: Node


def _members() -> Mapping[str, _Member]:
    """The living nodes of the joined cluster, by id."""
    import ray

    return {
        found["NodeID"]: _Member(
            f"{found['NodeManagerHostname']} ({found['NodeManagerAddress']})",
            Node(int(found["Resources"].get("CPU", 0)), int(found["Resources"].get("GPU", 0))),
        )
        for found in ray.nodes()  # type: ignore[no-untyped-call]
        if found["Alive"]
    }


@dataclass
class Cluster:
    """The nodes of the joined cluster: each is asked whether it can train, and counted then."""

    conductor: Conductor
    ground: Ground
    _asked: dict[str, Any] = field(default_factory=dict)  # node's id -> Ray's reference
    _fit: dict[str, _Member] = field(default_factory=dict)
    _next: float = 0.0

    def admit(self) -> None:
        """Ask all nodes there are, and end on each the workers that a killed driver has left.

        Raises:
            SweeperError: one of them cannot train; the message names all that cannot.
        """
        left = [self.conductor.files.sign(number) for number in self.conductor.ledger.unfinished()]
        members = _members()
        self._ask(members, left)
        end = time.monotonic() + _ANSWER_SECONDS
        wrong = []
        while self._asked and time.monotonic() < end:
            wrong += self._answers(members, wait=1.0)
        wrong += [f"{members[i].name} did not answer" for i in self._asked if i in members]
        if wrong:
            raise SweeperError(_useless(wrong))
        self._count()

    def tick(self) -> None:
        """Notice nodes that came or went; one that cannot train ends the session."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _LOOK_SECONDS
        members = _members()
        known = {*self._fit, *self._asked}
        self._fit = {i: member for i, member in self._fit.items() if i in members}
        self._asked = {i: asked for i, asked in self._asked.items() if i in members}
        self._ask({i: m for i, m in members.items() if i not in known}, [])
        if wrong := self._answers(members, wait=0.0):
            self.conductor.cancel(f"{_useless(wrong)} Running trials go on with `sweeper resume`")
        self._count()

    def _ask(self, members: Mapping[str, _Member], left: Sequence[Sign]) -> None:
        for node_id in members:
            self._asked[node_id] = _call_on(node_id, _prepare, self.ground, left)

    def _answers(self, members: Mapping[str, _Member], wait: float) -> list[str]:
        """Take the answers that have come; gives those of nodes that cannot train."""
        import ray

        references = {asked: node_id for node_id, asked in self._asked.items()}
        if not references:
            return []
        came, _ = ray.wait(list(references), num_returns=len(references), timeout=wait)
        wrong = []
        for reference in came:
            node_id = references[reference]
            del self._asked[node_id]
            if lacking := _answer(reference):
                wrong.append(f"{members[node_id].name} {lacking}")
            else:
                self._fit[node_id] = members[node_id]
        return wrong

    def _count(self) -> None:
        before, resources = self.conductor.slots, self.conductor.ledger.config.resources
        now = before.on([member.node for member in self._fit.values()], resources)
        if now != before:
            log.info("the cluster has changed: %s; %s", now, words.listed(self._names()))
            self.conductor.slots = now

    def _names(self) -> list[str]:
        return sorted(member.name for member in self._fit.values()) or ["no node is left"]


def kill_anywhere(sign: Mapping[str, Any]) -> None:
    """Kill the worker that signed on, on whichever node it runs."""
    node_id = node_of(sign)
    if not node_id:
        kill_worker(sign)
        return
    import ray

    try:
        ray.get(_call_on(node_id, kill_worker, sign), timeout=_ANSWER_SECONDS)
    except (ray.exceptions.RayError, TimeoutError):
        log.warning("node %s does not answer; its worker may hang on", node_id, exc_info=True)


def _prepare(ground: Ground, left: Sequence[Sign]) -> str:
    """On a node: end those of the workers ``left`` that are here; gives what the node lacks."""
    for sign in left:
        kill_worker(sign)
    return ground.lacking()


def _call_on(node_id: str, function: Any, *arguments: Any) -> Any:
    """Ray's reference to the function's result, called on that node and no other."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    there = NodeAffinitySchedulingStrategy(node_id, soft=False)
    task: Any = ray.remote(function)
    return task.options(num_cpus=0, max_retries=0, scheduling_strategy=there).remote(*arguments)


def _answer(reference: Any) -> str:
    import ray

    try:
        answer: str = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        return f"cannot run sweeper: {words.printable(str(error.cause))[:300]}"
    except ray.exceptions.RayError:
        return ""  # it has gone meanwhile, and with it the need for an answer
    return answer


def _useless(wrong: Sequence[str]) -> str:
    return (
        f"Not every node of the Ray cluster can train: {'; '.join(wrong)}. All must have the same "
        "sweeper, and see the sweep's and the working folder at the same path (--sweeps)."
    )
