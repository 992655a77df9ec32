"""Waveforms that are kept and shared: the store, and what puts recordings in."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path

import psutil
import pytest
import torch

from sweeper.data import audio, reading, store, waves
from sweeper.data.reading import Reading
from sweeper.data.sources import Source
from sweeper.data.store import Facts
from sweeper.errors import DataError

RATE = 16000


@pytest.fixture(autouse=True)
def kept_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(store.ENVIRONMENT, str(tmp_path / "cache"))
    monkeypatch.setattr(waves, "SHARED_FROM_BYTES", 1)
    return tmp_path / "cache" / "audio"


@pytest.fixture
def units(tmp_path: Path) -> list[tuple[Source, ...]]:
    generator = torch.Generator().manual_seed(0)
    made: list[tuple[Source, ...]] = []
    for number in range(12):
        pair = tuple(tmp_path / f"{number}{side}.flac" for side in "nc")
        for path in pair:
            wave = torch.randn(900 + number, generator=generator) / 10
            audio.write(path, wave, 48000 if number % 2 else RATE)
        made.append(pair)
    return made


def facts(loaded: waves.Loaded) -> list[Facts]:
    return [f for unit in loaded.outcomes for f in unit if isinstance(f, Facts)]


def test_what_is_kept_is_what_was_read(units: list[tuple[Source, ...]], kept_in: Path) -> None:
    first, again = waves.load(units, RATE), waves.load(units, RATE)
    assert first.kept_as == again.kept_as != ""
    assert first.outcomes == again.outcomes
    for unit, made, found in zip(units, first.waveforms, again.waveforms, strict=True):
        for path, a, b in zip(unit, made, found, strict=True):
            assert torch.equal(a, b)
            assert torch.equal(a, audio.read(str(path), RATE).waveform)
    names = sorted(p.suffix for p in kept_in.iterdir())
    assert names == [".f32", ".json", ".lock"]  # nothing partial is left
    samples = sum(f.length for f in facts(first))
    assert store.samples_file(first.kept_as).stat().st_size == 4 * samples


def test_few_files_are_held_in_memory(
    units: list[tuple[Source, ...]], kept_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = waves.load(units, RATE)
    monkeypatch.setattr(waves, "SHARED_FROM_BYTES", 2**30)
    alone = waves.load(units[:3], RATE)
    assert alone.kept_as == ""
    assert torch.equal(alone.waveforms[2][1], shared.waveforms[2][1])


def test_kept_waveforms_are_not_read_again(units: list[tuple[Source, ...]]) -> None:
    counts: list[int] = []
    with reading.using(Reading(progress=lambda done, _: counts.append(done))):
        waves.load(units, RATE)
        waves.load(units, RATE)
    assert counts == list(range(1, 13))
    with reading.using(Reading(fresh=True, progress=lambda _, total: counts.append(total))):
        waves.load(units, RATE)
    assert counts[12:] == [12] * 12


def test_a_changed_file_is_read_again(units: list[tuple[Source, ...]]) -> None:
    before = waves.load(units, RATE)
    path = units[3][0]
    assert isinstance(path, Path)
    audio.write(path, torch.ones(950) / 10, 48000)
    after = waves.load(units, RATE)
    assert after.kept_as != before.kept_as
    assert facts(after)[6].digest != facts(before)[6].digest
    assert waves.load(units, 8000).kept_as != after.kept_as


@pytest.mark.parametrize("damage", ["cut", "no index", "torn index", "no samples"])
def test_a_damaged_entry_is_made_anew(units: list[tuple[Source, ...]], damage: str) -> None:
    first = waves.load(units, RATE)
    samples = store.samples_file(first.kept_as)
    index = samples.with_suffix(".json")
    if damage == "cut":
        os.truncate(samples, 1000)
    elif damage == "torn index":
        index.write_text(index.read_text()[:50])
    else:
        (index if damage == "no index" else samples).unlink()
    again = waves.load(units, RATE)
    assert torch.equal(again.waveforms[11][1], audio.read(str(units[11][1]), RATE).waveform)


def test_bad_files_leave_nothing_behind(units: list[tuple[Source, ...]], kept_in: Path) -> None:
    bad = units[5][1]
    assert isinstance(bad, Path)
    bad.write_bytes(bad.read_bytes()[:500])
    loaded = waves.load([*units, (bad.with_name("gone.wav"),)], RATE)
    assert loaded.waveforms == ()
    told = [o for unit in loaded.outcomes for o in unit if isinstance(o, str)]
    assert len(told) == 2
    assert "5c.flac" in told[0]
    assert "gone.wav: no such file" in told[1]
    assert len(facts(loaded)) == 23
    assert {p.suffix for p in kept_in.iterdir()} == {".lock"}


def test_a_folder_that_cannot_be_written_is_told(
    units: list[tuple[Source, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(store.ENVIRONMENT, str(tmp_path / "file"))
    with pytest.raises(DataError, match=r"file/audio: .*cannot be kept there.*SWEEPER_CACHE"):
        waves.load(units, RATE)


def test_a_full_disk_is_told(units: list[tuple[Source, ...]], kept_in: Path) -> None:
    key = waves.load(units, RATE).kept_as
    store.samples_file(key).with_suffix(".part").symlink_to("/dev/full")
    with (
        reading.using(Reading(fresh=True)),
        pytest.raises(DataError, match=r"cannot be kept there \(No space left on device\)"),
    ):
        waves.load(units, RATE)
    assert len(waves.load(units, RATE).waveforms) == 12  # what was there stays


def test_what_nobody_has_opened_for_long_is_removed(
    units: list[tuple[Source, ...]], kept_in: Path
) -> None:
    old, used = (store.samples_file(waves.load(units[:n], RATE).kept_as) for n in (1, 2))
    for entry in (old, used):
        os.utime(entry, (0, 0))
        os.utime(entry.with_suffix(".json"), (0, 0))
    waves.load(units[:2], RATE)  # opens it
    new = store.samples_file(waves.load(units[:3], RATE).kept_as)
    assert set(kept_in.glob("*.f32")) == {used, new}
    assert not old.with_suffix(".json").exists()


def test_who_writes_to_a_waveform_changes_nobody_elses(units: list[tuple[Source, ...]]) -> None:
    first, second = waves.load(units, RATE), waves.load(units, RATE)
    before = second.waveforms[0][0].clone()
    first.waveforms[0][0].zero_()
    assert torch.equal(second.waveforms[0][0], before)
    assert torch.equal(waves.load(units, RATE).waveforms[0][0], before)


def test_a_waveform_is_pickled_alone(units: list[tuple[Source, ...]]) -> None:
    one = waves.load(units, RATE).waveforms[4][0]
    assert len(pickle.dumps(one)) < 4 * len(one) + 2000


def test_derived_waveforms_are_made_once(units: list[tuple[Source, ...]]) -> None:
    key = waves.load(units, RATE).kept_as
    made = waves.derived(key, "twice", lambda: iter([torch.ones(3), torch.zeros(2)]))
    assert [w.tolist() for w in made] == [[1, 1, 1], [0, 0]]

    def fails() -> None:
        raise AssertionError("made again")

    again = waves.derived(key, "twice", lambda: fails() or iter(()))
    assert torch.equal(again[0], made[0])
    assert waves.derived("", "twice", lambda: iter([torch.ones(1)]))[0].tolist() == [1]


def count_reads(units: list[tuple[Source, ...]], told: Queue[int]) -> None:
    counts: list[int] = []
    with reading.using(Reading(progress=lambda done, _: counts.append(done))):
        waves.load(units, RATE)
    told.put(len(counts))


def test_processes_that_begin_together_make_it_once(units: list[tuple[Source, ...]]) -> None:
    fork = multiprocessing.get_context("fork")
    told: Queue[int] = fork.Queue()
    started = [fork.Process(target=count_reads, args=(units, told)) for _ in range(3)]
    for process in started:
        process.start()
    counts = sorted(told.get(timeout=120) for _ in started)
    for process in started:
        process.join()
    assert counts == [0, 0, 12]


def hold(file: Path, told: Queue[float], may_end: Event) -> None:
    loaded = waves.load([(file,)], RATE)
    told.put(loaded.waveforms[0][0].sum().item())  # looks at every page
    may_end.wait(120)


def test_processes_hold_a_data_set_once(tmp_path: Path) -> None:
    """Three processes with 32 MB of waveforms: 32 MB of memory for all, by proportional size."""
    file = tmp_path / "long.wav"
    audio.write(file, torch.rand(8 * 2**20) - 0.5, RATE)
    waves.load([(file,)], RATE)
    fork = multiprocessing.get_context("fork")
    told, may_end = fork.Queue(), fork.Event()
    holders = [fork.Process(target=hold, args=(file, told, may_end)) for _ in range(3)]
    for holder in holders:
        holder.start()
    try:
        assert len({told.get(timeout=120) for _ in holders}) == 1
        maps = [m for h in holders for m in psutil.Process(h.pid).memory_maps()]
        mapped = [m for m in maps if m.path.endswith(".f32")]
    finally:
        may_end.set()
        for holder in holders:
            holder.join()
    assert [m.rss for m in mapped] == [32 * 2**20] * 3
    assert sum(m.pss for m in mapped) <= 33 * 2**20
    assert sum(m.private_dirty for m in mapped) == 0
