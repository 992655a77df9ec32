from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from sweeper.data import cache
from sweeper.data.corpus import Corpus, Pair

calls: list[tuple[str, int]] = []


def toy(*, name: str = "toy", frames: int = 10) -> Corpus:
    calls.append((name, frames))
    wave = torch.ones(frames)
    return Corpus(name, 10, (Pair("a", wave, wave),), (Pair("b", wave, wave),), "0" * 64, "memory")


def other(*, name: str = "toy", frames: int = 10) -> Corpus:
    return toy(name=name, frames=frames)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    cache.clear()
    calls.clear()
    yield
    cache.clear()


def test_the_same_call_is_made_once() -> None:
    first = cache.cached(toy, {"name": "x", "frames": 10})
    assert cache.cached(toy, {"frames": 10, "name": "x"}) is first
    assert calls == [("x", 10)]


def test_other_options_or_another_factory_are_another_corpus() -> None:
    made = [
        cache.cached(toy, {}),
        cache.cached(toy, {"frames": 20}),
        cache.cached(other, {}),
    ]
    assert len({id(m) for m in made}) == 3


def test_an_error_is_not_kept() -> None:
    with pytest.raises(TypeError):
        cache.cached(toy, {"unknown": 1})
    assert cache.cached(toy, {}).name == "toy"


def test_the_least_recently_used_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LIMIT_BYTES", 2 * toy(frames=10).nbytes)
    calls.clear()
    for name in ("x", "y", "x", "z", "x", "y"):
        cache.cached(toy, {"name": name})
    assert [name for name, _ in calls] == ["x", "y", "z", "y"]


def test_a_corpus_above_the_limit_is_kept_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LIMIT_BYTES", 1)
    assert cache.cached(toy, {}) is cache.cached(toy, {})
