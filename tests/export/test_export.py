"""A sweep's tables read back by the programs that they are for."""

from __future__ import annotations

import json
from pathlib import Path

import pandas
import pytest
from typer.testing import CliRunner

from sweeper.cli.app import app
from sweeper.errors import LedgerError
from sweeper.export import FORMATS, history_rows, trial_rows, write_tables
from sweeper.ledger.files import LineLog
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from synthetic import EPOCHS, START, sweep_config, sweep_records, trial

CONFIG = sweep_config()
RECORDS = sweep_records(60)
READERS = {"csv": pandas.read_csv, "json": pandas.read_json, "parquet": pandas.read_parquet}


def _read(suffix: str, path: Path) -> pandas.DataFrame:
    return READERS[suffix](path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_rows_and_every_digit(suffix: str, tmp_path: Path) -> None:
    tables = {"trials": trial_rows(CONFIG, RECORDS), "histories": history_rows(RECORDS)}
    paths = write_tables(tables, suffix, tmp_path / "new")
    assert [path.name for path in paths] == [f"trials.{suffix}", f"histories.{suffix}"]
    trials, histories = (_read(suffix, path) for path in paths)
    assert trials["trial"].tolist() == list(range(60))
    assert trials["state"].tolist() == [record.state.value for record in RECORDS]
    for record, lr in zip(RECORDS, trials["params.lr"], strict=True):
        assert lr == pytest.approx(record.params["lr"], rel=1e-15)
    assert len(histories) == sum(len(record.reports) for record in RECORDS)
    last = histories[histories["trial"] == 0].iloc[-1]
    assert (last["epoch"], last["metrics.val_si_sdr"]) == (
        RECORDS[0].epoch,
        pytest.approx(RECORDS[0].reports[-1].metrics["val_si_sdr"], rel=1e-15),
    )
    # what is missing is missing, not 0 or text
    assert trials["value"].isna().tolist() == [record.value is None for record in RECORDS]
    conditional = [record.params.get("model.n_fft") is None for record in RECORDS]
    assert trials["params.model.n_fft"].isna().tolist() == conditional


def test_parquet_has_types(tmp_path: Path) -> None:
    (path,) = write_tables({"trials": trial_rows(CONFIG, RECORDS)}, "parquet", tmp_path)
    types = pandas.read_parquet(path).dtypes
    assert pandas.api.types.is_integer_dtype(types["params.batch_size"])
    assert pandas.api.types.is_integer_dtype(types["best_epoch"])
    assert pandas.api.types.is_datetime64_any_dtype(types["started"])


def test_choices_of_several_kinds_are_text_in_parquet(tmp_path: Path) -> None:
    records = [trial(n, {"model.norm": value}, 5.0) for n, value in enumerate(["group", 2, True])]
    (path,) = write_tables({"trials": trial_rows(CONFIG, records)}, "parquet", tmp_path)
    assert pandas.read_parquet(path)["params.model.norm"].tolist() == ["group", "2", "True"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot write"):
        write_tables({"trials": []}, "csv", tmp_path / "file")


def _sweep(folder: Path) -> SweepPaths:
    """A sweep with one finished trial, one at work, and an event that is being written."""
    paths = SweepPaths(folder / "dprnn")
    Manifest.new(CONFIG.to_json(), "dprnn.yaml").write(paths)
    log = LineLog(paths.history)
    log.append({"event": "session", "time": START, "session": 1})
    for number in range(2):
        about = {"trial": number, "params": {"lr": 1e-3, "batch_size": 4}, "seed": 7}
        log.append({"event": "start", "time": START, "attempt": 1, "flat_params": {}, **about})
        for epoch in range(1, EPOCHS + 1 - 8 * number):
            metrics = {"val_si_sdr": 0.1 * epoch}
            report = {"epoch": epoch, "metrics": metrics, "steps": {}}
            log.append({"event": "epoch", "trial": number, "time": START + epoch, **report})
    end = {"state": "complete", "reason": "trained", "value": 1.2}
    log.append({"event": "end", "trial": 0, "time": START + 20, **end})
    log.close()
    with paths.history.open("a") as file:
        file.write('{"event": "epo')
    return paths


def test_the_command_works_while_the_sweep_is_written(tmp_path: Path) -> None:
    paths = _sweep(tmp_path)
    before = paths.history.read_bytes()
    out = tmp_path / "out"
    words = ["export", "dprnn", "--format", "json", "--out", str(out), "--sweeps", str(tmp_path)]
    for _ in range(2):  # again in place of the older files
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
    assert f"{out / 'trials.json'}: 2 rows" in result.output
    trials = json.loads((out / "trials.json").read_text())
    assert [row["state"] for row in trials] == ["complete", "running"]
    assert trials[0]["value"] == 1.2
    assert trials[1]["epochs"] == EPOCHS - 8
    assert len(json.loads((out / "histories.json").read_text())) == 2 * EPOCHS - 8
    assert paths.history.read_bytes() == before
    assert sorted(path.name for path in out.iterdir()) == ["histories.json", "trials.json"]
