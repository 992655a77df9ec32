"""Data sets that `sweeper data fetch` knows: where they are, and under which licence."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CATALOGUE", "Collection"]


@dataclass(frozen=True, slots=True)
class Collection:
    """Files that belong together.

    Attributes:
        title: what it is, and by whom.
        licence: its name, and what it asks for.
        page: where people read about it.
        base: the address that the names of the ``files`` follow.
        data: the name of the data set that reads it.
    """

    title: str
    licence: str
    page: str
    base: str
    files: tuple[str, ...]
    data: str


def _voicebank_demand(speakers: int) -> Collection:
    return Collection(
        title=f"VoiceBank-DEMAND, {speakers} training speakers, 48 kHz (C. Valentini-Botinhao, "
        "University of Edinburgh, 2017)",
        licence="CC BY 4.0: name the author and the source (doi 10.7488/ds/2117)",
        page="https://datashare.ed.ac.uk/handle/10283/2791",
        base="https://datashare.ed.ac.uk/bitstream/handle/10283/2791/",
        files=tuple(
            f"{side}_{part}_wav.zip"
            for part in (f"trainset_{speakers}spk", "testset")
            for side in ("clean", "noisy")
        ),
        data="voicebank_demand",
    )


CATALOGUE = {
    "voicebank_demand_28spk": _voicebank_demand(28),
    "voicebank_demand_56spk": _voicebank_demand(56),
}
"""By the name that `sweeper data fetch` takes."""
