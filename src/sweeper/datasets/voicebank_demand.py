"""VoiceBank-DEMAND (Valentini-Botinhao, 2017, doi 10.7488/ds/2117) in its official folders."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from sweeper.data import corpus
from sweeper.datasets import _folders, _splits
from sweeper.datasets._options import SampleRate, Speakers
from sweeper.errors import DataError

__all__ = ["voicebank_demand"]


def voicebank_demand(
    *,
    root: Path,
    subset: Literal["28spk", "56spk"] = "28spk",
    valid_speakers: Speakers = ("p226", "p287"),
    sample_rate: SampleRate = 16000,
) -> corpus.Corpus:
    """``clean_trainset_28spk_wav`` and ``noisy_trainset_28spk_wav``; some speakers validate.

    The official test set is left alone. Each may be a folder or the zip archive as it is
    downloaded. The original files have 48 kHz and are resampled once (4.4 GB for 28spk at 16 kHz);
    copies at 16 kHz (``noisy_trainset_28spk_wav_16k``) are preferred where they are.

    Args:
        root: the folder that holds the archives, unpacked or not.
        subset: of the training set: 28 or 56 speakers.
        valid_speakers: these validate. The default is the usual choice for 28spk; name others for
            56spk, which does not have them.
        sample_rate: in Hz.

    Raises:
        DataError: what is missing.
    """
    root = Path(root).expanduser()
    noisy, clean = (_folder(root, kind, subset, sample_rate) for kind in ("noisy", "clean"))
    matched = _folders.match(noisy, clean)
    files = [
        corpus.PairFiles(id_, pair.noisy, pair.clean, "train", Path(id_).name.split("_")[0])
        for id_, pair in matched.pairs.items()
    ]
    problems = matched.problems
    files = _splits.tried(
        lambda: _splits.by_speaker(files, valid_speakers, str(root)), files, problems
    )
    return corpus.load("voicebank_demand", str(root.resolve()), sample_rate, files, problems)


def _folder(root: Path, kind: str, subset: str, sample_rate: int) -> Path:
    original = root / f"{kind}_trainset_{subset}_wav"
    copies = original.with_name(f"{original.name}_16k")
    for folder in (copies, original) if sample_rate <= 16000 else (original,):
        archive = folder.with_name(f"{folder.name}.zip")
        if found := next((p for p in (folder, archive) if p.exists()), None):
            return found
    raise DataError(
        f"{original}: no such folder, and no {original.name}.zip, which `sweeper data fetch "
        f"voicebank_demand_{subset} {root}` downloads (from "
        "https://datashare.ed.ac.uk/handle/10283/2791); or set root"
    )
