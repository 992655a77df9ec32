"""Clean speech and noise in folders of their own, mixed on the fly."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field

from sweeper.data import corpus
from sweeper.data.mixing import Mixing
from sweeper.datasets import _parts, _splits
from sweeper.datasets._options import SampleRate, Share, Speakers

__all__ = ["mix"]

_Range = Annotated[tuple[float, float], Field(description="lowest and highest, in dB")]
_Speeds = Annotated[
    tuple[Annotated[float, Field(ge=0.5, le=2)], ...],
    Field(min_length=1, description="factors of the speed to draw from: 0.9, 1, 1.1"),
]
_RoomShare = Annotated[float, Field(ge=0, le=1, description="share of the mixtures in a room")]


def mix(
    *,
    clean: Path,
    noise: Path,
    rooms: Path | None = None,
    valid_clean: Path | None = None,
    valid_noise: Path | None = None,
    valid_speakers: Speakers = (),
    valid_share: Share | None = None,
    speaker: str = "[^/_-]+",
    valid_snr: _Range = (-5.0, 15.0),
    speeds: _Speeds = (1.0,),
    gain: _Range = (0.0, 0.0),
    room_share: _RoomShare = 0.5,
    sample_rate: SampleRate = 16000,
) -> corpus.Corpus:
    """Any speech with any noise. ``training.snr`` is the range of the training mixtures' SNR.

    Training mixtures are drawn anew for each segment: speech, noise, SNR, and where they are given
    speed, level and room; the same for a seed, whenever and wherever. The mixtures that validate
    are made once: a recording's noise, SNR and room depend on its name.

    Who validates is said as for data set ``pairs``: a folder of its own (``valid_clean``), speakers
    (``valid_speakers``), or a share of the speakers. A tenth of the noises (``valid_share`` of
    them) and of the rooms is for validation alone; or ``valid_noise`` has them.

    Args:
        clean, noise: the two folders (or zip archives), searched with their sub-folders.
        rooms: folder of impulse responses. The target keeps the room, only the noise is removed.
        valid_clean, valid_noise: what validates, in folders of its own.
        speaker: regular expression for the speaker at the start of a file's path below ``clean``.
        valid_snr: SNR of the mixtures that validate.
        gain: change of a training mixture's level.
        sample_rate: in Hz.

    Raises:
        DataError: what is wrong, with the files' names.
    """
    _splits.one_way("mix", clean=valid_clean, speakers=valid_speakers, share=valid_share)
    share = valid_share or _splits.DEFAULT_SHARE
    parts = _parts.speech(clean, valid_clean, valid_speakers, share, speaker)
    parts += _parts.held_out("noise", noise, valid_noise, share)
    parts += _parts.held_out("room", rooms, None, share) if rooms else []
    source = f"{Path(clean).resolve()} with {Path(noise).resolve()}"
    found = _parts.read(parts, sample_rate, f"data set 'mix' ({source}) cannot be used")
    return corpus.Corpus(
        name="mix",
        sample_rate=sample_rate,
        train=tuple(
            corpus.Pair(part.id, waveform, waveform, part.speaker)
            for part, waveform in found.of("speech", "train")
        ),
        valid=_mixed(found, room_share, valid_snr),
        fingerprint=found.fingerprint(sample_rate, _recipe(room_share, valid_snr)),
        source=source,
        mixing=Mixing(
            found.waveforms("noise", "train"),
            found.waveforms("room", "train"),
            room_share,
            speeds,
            gain,
        ),
        shared=found.shared,
    )


def _recipe(room_share: float, snr: tuple[float, float]) -> str:
    """What the mixtures that validate depend on beside their parts."""
    return json.dumps([room_share, snr])


def _mixed(
    found: _parts.Parts, room_share: float, snr: tuple[float, float]
) -> tuple[corpus.Pair, ...]:
    """The mixtures that validate."""
    noises, rooms = (found.waveforms(kind, "valid") for kind in ("noise", "room"))
    held_out = _parts.HeldOut(noises, rooms, room_share, snr)
    spoken = found.of("speech", "valid")
    made = found.derived(_recipe(room_share, snr), partial(held_out.mixtures, spoken))
    return tuple(
        corpus.Pair(part.id, noisy, target, part.speaker)
        for (part, _), noisy, target in zip(spoken, made[::2], made[1::2], strict=True)
    )
