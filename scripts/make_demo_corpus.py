"""Make the demo corpus that ships with sweeper: synthetic speech in synthetic noise.

    python scripts/make_demo_corpus.py [FOLDER]

espeak-ng speaks English and Korean sentences written for this purpose; numpy makes the noises. The
seed is fixed, so the same espeak-ng gives the same corpus. Voices, sentences, the voices of the
babble and all noise are different in train and valid.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from sweeper.data import audio

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Audio = NDArray[np.float64]
"""A waveform (time,) at ``SAMPLE_RATE``."""

FOLDER = Path(__file__).parents[1] / "src" / "sweeper" / "data" / "demo"
SAMPLE_RATE = 16000
SEED = 20260205
SNR_DB = (-2.0, 10.0)
SPEECH_DB = (-29.0, -23.0)  # root mean square of the clean speech, full scale = 0 dB
PEAK = 0.9
SECONDS = (2.0, 4.0)  # what an utterance may last


@dataclass(frozen=True)
class Voice:
    """An espeak-ng voice: ``name`` with its pitch (0-99) and speed (words per minute)."""

    name: str
    pitch: int
    speed: int

    @property
    def language(self) -> str:
        return self.name[:2]


@dataclass(frozen=True)
class Utterance:
    """One pair to make."""

    id: str
    split: str
    voice: Voice
    text: str
    noise: str
    snr_db: float


@dataclass(frozen=True)
class Row:
    """A line of manifest.csv."""

    id: str
    noisy_path: str
    clean_path: str
    num_frames: int
    sample_rate: int
    speaker: str
    split: str
    snr_db: float
    noise: str
    language: str
    text: str


SPEECH: dict[str, dict[Voice, tuple[str, ...]]] = {
    "train": {
        Voice("en-us+f1", 55, 165): (
            "The ferry leaves the harbour early on Sunday morning.",
            "Put the green notebook back on the upper shelf.",
        ),
        Voice("en-gb+m1", 40, 170): (
            "Nobody expected the old bridge to survive the flood.",
            "We measured the room twice before buying the carpet.",
        ),
        Voice("en-us+m3", 30, 160): (
            "A thin layer of ice covered the whole garden pond.",
            "Please remind me to water the plants this evening.",
        ),
        Voice("en-gb+f2", 65, 175): (
            "Her brother repairs clocks in a workshop near the station.",
            "The second chapter explains why the engine failed.",
        ),
        Voice("en-gb-scotland+m2", 48, 160): (
            "Seven boats were waiting for the fog to lift.",
            "Mix the flour with warm milk and a little honey.",
        ),
        Voice("en-us+Annie", 50, 165): (
            "The museum shows paintings by three young artists.",
            "Turn left at the bakery and follow the narrow street.",
        ),
        Voice("ko+f1", 60, 165): (
            "아침마다 강가를 따라 천천히 달립니다.",
            "냉장고에 남은 반찬으로 저녁을 차렸어요.",
        ),
        Voice("ko+m1", 35, 170): (
            "지하철이 늦어서 회의에 조금 늦었습니다.",
            "할머니께서 손수 만드신 김치가 제일 맛있어요.",
        ),
        Voice("ko+f3", 50, 160): (
            "도서관 삼 층에서 친구를 기다리고 있어요.",
            "바람이 세게 불어서 창문을 모두 닫았습니다.",
        ),
        Voice("ko+m3", 45, 175): (
            "다음 주 수요일까지 보고서를 보내 주세요.",
            "산 정상에서 바라본 바다는 정말 푸르렀습니다.",
        ),
        Voice("ko+linda", 50, 165): (
            "우리 동네 시장에는 신선한 과일이 많습니다.",
            "새로 산 자전거를 타고 학교에 갔어요.",
        ),
        Voice("ko+m2", 60, 160): (
            "어젯밤에 내린 눈이 아직 녹지 않았습니다.",
            "이 노래를 들으면 어린 시절이 떠올라요.",
        ),
    },
    "valid": {
        Voice("en-us+f4", 50, 165): ("The last train to the airport was almost empty.",),
        Voice("en-gb-x-rp+m4", 42, 165): (
            "Our neighbour grows tomatoes on her balcony.",
            "The doctor asked him to rest for a few days.",
        ),
        Voice("en-us+m7", 50, 170): ("Several windows were open when the storm arrived.",),
        Voice("ko+f5", 55, 165): ("따뜻한 차 한 잔을 마시고 싶어요.",),
        Voice("ko+m5", 40, 165): (
            "은행은 오후 네 시에 문을 닫습니다.",
            "고양이가 햇볕 드는 마루에서 졸고 있어요.",
        ),
        Voice("ko+steph", 50, 170): ("내일은 비가 오니 우산을 꼭 챙기세요.",),
    },
}

BABBLE: dict[str, tuple[tuple[Voice, str], ...]] = {
    "train": (
        (Voice("en-us+m6", 45, 170), "I told them that the meeting starts at nine and not at ten."),
        (
            Voice("en-gb+Andrea", 55, 175),
            "Have you seen the new market behind the town hall already?",
        ),
        (Voice("ko+paul", 45, 170), "어제 산 신발이 조금 작아서 내일 바꾸러 가려고 합니다."),
        (Voice("ko+belinda", 55, 165), "여기 비빔밥 두 그릇하고 시원한 물 좀 주시겠어요?"),
        (
            Voice("en-us+mike", 35, 160),
            "Two tickets for the late show, and where can we park the car?",
        ),
    ),
    "valid": (
        (
            Voice("en-gb+m8", 50, 170),
            "My cousin moved to the coast and opened a small hotel there.",
        ),
        (
            Voice("en-us+Alicia", 55, 170),
            "It was raining so hard that nobody wanted to leave the cafe.",
        ),
        (Voice("ko+ed", 45, 165), "버스를 놓쳐서 한참을 걸었더니 다리가 몹시 아픕니다."),
        (Voice("ko+aunty", 50, 170), "이번 방학에는 제주도에 가서 귤을 따 보기로 했어요."),
        (
            Voice("en-us+john", 40, 165),
            "The price of coffee went up again, so I drink tea at work.",
        ),
    ),
}


@cache
def _spoken(voice: Voice, text: str) -> Audio:
    """What espeak-ng says, trimmed, at a root mean square of 1."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        command = ["espeak-ng", "-v", voice.name, "-p", str(voice.pitch), "-s", str(voice.speed)]
        subprocess.run([*command, "-w", str(file), "--", text], check=True)
        speech = audio.read(file, SAMPLE_RATE).waveform.double().numpy()
    return _level(_trimmed(speech))


def _trimmed(speech: Audio, margin: float = 0.05) -> Audio:
    """Without what is 40 dB below the peak at both ends, but for ``margin`` seconds."""
    (loud,) = np.nonzero(np.abs(speech) > 0.01 * np.abs(speech).max())
    spare = round(margin * SAMPLE_RATE)
    trimmed: Audio = speech[max(0, loud[0] - spare) : loud[-1] + spare]
    return trimmed


def _level(waveform: Audio) -> Audio:
    """At a root mean square of 1."""
    centred = waveform - waveform.mean()
    level: Audio = centred / np.sqrt(np.mean(centred**2))
    return level


def _pink(rng: np.random.Generator, frames: int) -> Audio:
    """Noise whose power falls with 1/f above 20 Hz, its level slowly wandering."""
    spectrum = np.fft.rfft(rng.standard_normal(frames))
    frequency = np.maximum(np.fft.rfftfreq(frames, 1 / SAMPLE_RATE), 20.0)
    time = np.arange(frames) / SAMPLE_RATE
    wander = 1 + 0.3 * np.sin(2 * np.pi * (rng.uniform(0.2, 0.7) * time + rng.uniform()))
    return _level(wander * np.fft.irfft(spectrum / np.sqrt(frequency), frames))


def _hum(rng: np.random.Generator, frames: int) -> Audio:
    """Mains hum: 50 or 60 Hz with 30 harmonics that drift a little, on a faint pink floor."""
    time = np.arange(frames) / SAMPLE_RATE
    base = rng.choice([50.0, 60.0]) * (1 + rng.uniform(-0.004, 0.004))
    turns = base * time + rng.uniform(0.01, 0.05) * np.sin(2 * np.pi * rng.uniform(0.3, 1) * time)
    harmonics = [
        rng.uniform(0.3, 1) / n**0.7 * np.sin(2 * np.pi * (n * turns + rng.uniform()))
        for n in range(1, 31)
    ]
    return _level(_level(np.sum(harmonics, axis=0)) + 0.1 * _pink(rng, frames))


def _clicks(rng: np.random.Generator, frames: int) -> Audio:
    """Impulses, about eight a second, that ring for some milliseconds, on a faint pink floor."""
    clicks = np.zeros(frames)
    for start in rng.integers(0, frames, rng.poisson(8 * frames / SAMPLE_RATE) + 2):
        time = np.arange(min(frames - start, SAMPLE_RATE // 20)) / SAMPLE_RATE
        ring = np.sin(2 * np.pi * rng.uniform(300, 5000) * time + rng.uniform(0, 2 * np.pi))
        decay = np.exp(-time / rng.uniform(0.001, 0.008))
        clicks[start : start + len(time)] += rng.uniform(0.3, 1) * ring * decay
    return _level(_level(clicks) + 0.1 * _pink(rng, frames))


def _babble(rng: np.random.Generator, frames: int, talkers: Sequence[tuple[Voice, str]]) -> Audio:
    """All the talkers at once, each from another point of a sentence that is said over and over."""
    total = np.zeros(frames)
    for voice, text in talkers:
        speech = _spoken(voice, text)
        loop = np.roll(speech, -int(rng.integers(len(speech))))
        total += rng.uniform(0.6, 1) * np.resize(loop, frames)
    return _level(total)


def _noises(split: str) -> dict[str, Callable[[np.random.Generator, int], Audio]]:
    return {
        "babble": lambda rng, frames: _babble(rng, frames, BABBLE[split]),
        "pink": _pink,
        "hum": _hum,
        "clicks": _clicks,
    }


def _mixture(speech: Audio, noise: Audio, snr_db: float, level_db: float) -> tuple[Audio, Audio]:
    """Clean and noisy; the pair is turned down together where it would exceed ``PEAK``."""
    clean = speech * 10 ** (level_db / 20)
    noisy = clean + noise * 10 ** ((level_db - snr_db) / 20)
    gain = min(1.0, PEAK / max(np.abs(clean).max(), np.abs(noisy).max()))
    return clean * gain, noisy * gain


def _plan(split: str, rng: np.random.Generator) -> list[Utterance]:
    """All utterances of a split: the noises in turn, each at SNRs evenly over ``SNR_DB``."""
    lines = [(voice, text) for voice, texts in SPEECH[split].items() for text in texts]
    kinds = list(_noises(split))
    rising = np.linspace(*SNR_DB, len(lines)).round(1).reshape(-1, len(kinds))
    snrs = rng.permuted(rng.permuted(rising, axis=1), axis=0).ravel().tolist()
    return [
        Utterance(f"{split}_{i:02d}", split, voice, text, kinds[i % len(kinds)], snrs[i])
        for i, (voice, text) in enumerate(lines)
    ]


def _make_pair(folder: Path, utterance: Utterance, rng: np.random.Generator) -> Row:
    """Write the noisy and the clean file of one utterance."""
    speech = _spoken(utterance.voice, utterance.text)
    seconds = len(speech) / SAMPLE_RATE
    if not SECONDS[0] <= seconds <= SECONDS[1]:
        raise SystemExit(f"{utterance.text!r} takes {seconds:.2f} s, not {SECONDS} s")
    noise = _noises(utterance.split)[utterance.noise](rng, len(speech))
    clean, noisy = _mixture(speech, noise, utterance.snr_db, rng.uniform(*SPEECH_DB))
    row = _row(utterance, len(speech))
    audio.write(folder / row.noisy_path, torch.from_numpy(noisy), SAMPLE_RATE)
    audio.write(folder / row.clean_path, torch.from_numpy(clean), SAMPLE_RATE)
    return row


def _row(utterance: Utterance, frames: int) -> Row:
    return Row(
        id=utterance.id,
        noisy_path=f"noisy/{utterance.id}.flac",
        clean_path=f"clean/{utterance.id}.flac",
        num_frames=frames,
        sample_rate=SAMPLE_RATE,
        speaker=utterance.voice.name,
        split=utterance.split,
        snr_db=utterance.snr_db,
        noise=utterance.noise,
        language=utterance.voice.language,
        text=utterance.text,
    )


def _make_split(folder: Path, split: str) -> list[Row]:
    rng = np.random.default_rng([SEED, list(SPEECH).index(split)])
    return [_make_pair(folder, utterance, rng) for utterance in _plan(split, rng)]


def make(folder: Path) -> None:
    """Write noisy/, clean/ and manifest.csv into ``folder``, in place of those that are there."""
    if shutil.which("espeak-ng") is None:
        raise SystemExit("espeak-ng is not installed (Debian and Ubuntu: apt install espeak-ng)")
    for part in ("noisy", "clean"):
        shutil.rmtree(folder / part, ignore_errors=True)
    rows = [row for split in SPEECH for row in _make_split(folder, split)]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, asdict(rows[0]).keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


if __name__ == "__main__":
    torch.set_num_threads(1)
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
