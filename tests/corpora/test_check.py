"""`sweeper data check` and `sweeper data prepare`."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner, Result

from sweeper.cli.app import app
from sweeper.data import audio, waves

RATE = 16000
SPACE = """
model: {name: dprnn}
data: {name: pairs, root: ROOT, valid_speakers: [b]}
training: {epochs: 1}
search_space: {lr: {type: float, low: 1.0e-4, high: 1.0e-2, log: true}}
objective: {metric: val_si_sdr, direction: maximize}
budget: {trials: 1}
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["data", *map(str, arguments)])


def test_a_good_set_is_described(folder: Path) -> None:
    done = run("check", "pairs", "--set", f"root={folder}", "--set", "valid_speakers=[b]")
    assert done.exit_code == 0
    assert "16 files: 16000 Hz mono" in done.output
    assert "4 recordings, 0 s, 1 speaker; 0.10 to 0.10 s" in done.output
    assert "error" not in done.output


def test_the_data_of_a_search_space(folder: Path, tmp_path: Path) -> None:
    space = tmp_path / "mine.yaml"
    space.write_text(SPACE.replace("ROOT", str(folder)))
    assert run("check", space).exit_code == 0
    done = run("check", space, "--set", "data.root=/nowhere")
    assert done.exit_code == 1  # `main` tells this as a mistake of the user's, exit code 2
    assert "/nowhere/noisy: no such folder" in str(done.exception)


def spoil(folder: Path) -> dict[str, str]:
    """Everything that a folder of pairs can suffer from; what is said of it, by file."""
    noisy, clean = folder / "noisy", folder / "clean"
    silence = np.zeros(0, dtype=np.float32)
    soundfile.write(noisy / "a_0.wav", silence, RATE)
    noise = np.random.default_rng(0).standard_normal(1601).astype(np.float32)
    noise[7] = np.nan
    soundfile.write(noisy / "b_1.wav", noise, RATE, subtype="FLOAT")
    (noisy / "a_2.wav").unlink()
    soundfile.write(clean / "b_3.wav", noise[10:1000] / 20, RATE)
    flac = noisy / "a_4.flac"
    (noisy / "a_4.wav").unlink()
    soundfile.write(flac, np.random.default_rng(0).standard_normal(1604) / 20, RATE)
    flac.write_bytes(flac.read_bytes()[:1500])
    both = np.random.default_rng(0).standard_normal((4815, 2)) / 20
    for side in (noisy, clean):
        soundfile.write(side / "b_5.wav", both, 48000)
    return {
        "a_0.wav": "holds no samples (0 s); remove it from the data set",
        "b_1.wav": "holds NaN or infinite samples; export it again from its source",
        "a_2.wav": "put its counterpart there, or remove it",
        "b_3.wav": "both must be the same recording, cut alike: export both again",
        "a_4.flac": "copy or download it again",
        "b_5.wav": "48000 Hz stereo, unlike most (its channels are averaged and resampled to 16000",
    }


def test_everything_is_told_in_one_pass_with_what_to_do(folder: Path) -> None:
    expected = spoil(folder)
    done = run("check", "pairs", "--set", f"root={folder}")
    assert done.exit_code == 2
    for name, advice in expected.items():
        lines = [line for line in done.output.splitlines() if name in line]
        assert any(advice in line for line in lines), name
    assert "5 problems; the rest can be used" in done.output


def test_bad_rows_and_bad_files_of_a_manifest_in_one_pass(folder: Path) -> None:
    spoil(folder)
    header = ["id", "noisy_path", "clean_path", "split"]
    rows = [
        [p.stem, f"noisy/{p.name}", f"clean/{p.stem}.wav", "train"]
        for p in sorted((folder / "noisy").iterdir())
    ]
    rows += [["x", "noisy/a_6.wav", "clean/a_6.wav", "dev"], ["y", "noisy/gone.wav", "", "valid"]]
    with (folder / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    done = run("check", "manifest", "--set", f"path={folder / 'list.csv'}")
    assert done.exit_code == 2
    for told in (
        "list.csv, line 9: split: must be train, valid or test, but got 'dev'",
        "list.csv, line 10: has no clean_path",
        "list.csv, line 10: no such file",
        "a_0.wav: holds no samples",
        "b_1.wav: holds NaN",
        "cut alike",
        "a_4.flac: ",
        "b_5.wav: 48000 Hz stereo",
    ):
        assert told in done.output, told


def test_mistakes_in_the_options_are_told(folder: Path) -> None:
    done = run("check", "pairs", "--set", f"rot={folder}")
    assert "did you mean 'root'?" in str(done.exception)
    done = run("check", "pears")
    assert "'pears' is not among the data sets; did you mean 'pairs'?" in str(done.exception)


def test_the_list_is_believed_within_a_hundredth_of_a_decibel(folder: Path) -> None:
    rows = ["id,noisy_path,clean_path,split,noisy_si_sdr"]
    for number, split in ((0, "train"), (2, "valid")):
        rows.append(f"{number},noisy/a_{number}.wav,clean/a_{number}.wav,{split},3.25")
    (folder / "list.csv").write_text("\n".join(rows))
    done = run("check", "manifest", "--set", f"path={folder / 'list.csv'}", "--si-sdr")
    assert done.exit_code == 2
    assert "the list says 3.25 dB; is it of these recordings?" in done.output
    assert "0 of 2 within 0.01 dB of the list" in done.output


def test_real_recordings_have_the_listed_si_sdr(voicebank_mini: Path) -> None:
    done = run("check", "manifest", "--set", f"path={voicebank_mini / 'manifest.csv'}", "--si-sdr")
    assert done.exit_code == 0
    assert "43 of 43 within 0.01 dB of the list" in done.output.replace("\n", " ")


def test_what_is_mixed_in_is_counted(folder: Path) -> None:
    options = (f"clean={folder / 'clean'}", f"noise={folder / 'noisy'}", "valid_speakers=[b]")
    done = run("check", "mix", *(part for o in options for part in ("--set", o)), "--si-sdr")
    assert done.exit_code == 0
    assert "7 noises" in done.output
    assert "on average of 4 pairs" in done.output


def test_a_small_set_needs_no_preparing(folder: Path, kept_in: Path) -> None:
    done = run("prepare", "pairs", "--set", f"root={folder}")
    assert done.exit_code == 0
    assert "so small that each trial reads it itself" in done.output
    assert not kept_in.exists()


def test_a_large_set_is_prepared_once(
    folder: Path, kept_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waves, "SHARED_FROM_BYTES", 1)
    done = run("prepare", "pairs", "--set", f"root={folder}")
    assert f"in {kept_in}, shared by all trials of this machine" in done.output
    (samples,) = kept_in.glob("*.f32")
    before = samples.stat()
    assert run("prepare", "pairs", "--set", f"root={folder}").exit_code == 0
    assert samples.stat().st_mtime_ns == before.st_mtime_ns
    assert before.st_size == sum(
        4 * len(audio.read(p, RATE).waveform) for p in folder.rglob("*.wav")
    )


def test_check_reads_anew_what_was_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was damaged without another size or time would else stay unnoticed."""
    monkeypatch.setattr(waves, "SHARED_FROM_BYTES", 1)
    run("prepare", "pairs", "--set", f"root={folder}")
    file = folder / "noisy" / "a_0.wav"
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    file.write_bytes(b"RIFX" + file.read_bytes()[4:])
    os.utime(file, ns=times)
    assert run("prepare", "pairs", "--set", f"root={folder}").exit_code == 0
    done = run("check", "pairs", "--set", f"root={folder}")
    assert done.exit_code == 2
    assert "a_0.wav: cannot be read as audio" in done.output


def test_a_copy_elsewhere_is_the_same_data_set(folder: Path, tmp_path: Path) -> None:
    def fingerprint(root: Path) -> str:
        lines = run("check", "pairs", "--set", f"root={root}").output.splitlines()
        return next(line for line in lines if "fingerprint" in line)

    shutil.copytree(folder, tmp_path / "copy")
    assert fingerprint(folder) == fingerprint(tmp_path / "copy")
    audio.write(tmp_path / "copy" / "clean" / "a_0.wav", torch.ones(1600) / 9, RATE)
    assert fingerprint(folder) != fingerprint(tmp_path / "copy")
