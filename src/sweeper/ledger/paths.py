"""Where the parts of a sweep lie on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sweeper.errors import SweepNotFound
from sweeper.ledger.files import told

__all__ = ["DEFAULT_ROOT", "SweepPaths", "find_sweeps"]

DEFAULT_ROOT = Path("sweeps")
_TRIAL_WIDTH = 4


@dataclass(frozen=True, slots=True)
class SweepPaths:
    """The folder of one sweep and the files in it."""

    root: Path

    @classmethod
    def existing(cls, name: str, sweeps: Path = DEFAULT_ROOT) -> SweepPaths:
        """The folder of the sweep called ``name`` below ``sweeps``.

        Raises:
            SweepNotFound: there is none; the message names those there are.
        """
        paths = cls(sweeps.absolute() / name)
        if not paths.manifest.exists():
            from sweeper.config.messages import did_you_mean

            known = [p.root.name for p in find_sweeps(sweeps)]
            hint = did_you_mean(name, known) or f" (there: {', '.join(known) or 'none yet'})"
            raise SweepNotFound(f"no sweep {name!r} in {sweeps.absolute()}{hint}")
        return paths

    @classmethod
    def one(cls, name: str | None, sweeps: Path = DEFAULT_ROOT) -> SweepPaths:
        """As `existing`; without a name, the only sweep there is.

        Raises:
            SweepNotFound: also where there is more than one to choose from.
        """
        if name is not None:
            return cls.existing(name, sweeps)
        found = find_sweeps(sweeps)
        if len(found) != 1:
            names = ", ".join(p.root.name for p in found)
            several = f"say which sweep: {names}" if found else f"no sweep in {sweeps.absolute()}"
            raise SweepNotFound(several)
        return found[0]

    @property
    def manifest(self) -> Path:
        return self.root / "manifest.json"

    @property
    def config(self) -> Path:
        """The resolved configuration, for people; the manifest holds what is read back."""
        return self.root / "config.yaml"

    @property
    def history(self) -> Path:
        return self.root / "history.jsonl"

    def journal(self, generation: int = 0) -> Path:
        """The Optuna study; each generation has one of its own, and the old ones stay."""
        return self.root / (f"study-{generation}.journal" if generation else "study.journal")

    @property
    def warm_start(self) -> Path:
        """The trials of other sweeps that this one began with."""
        return self.root / "warm_start.json"

    @property
    def mirror(self) -> Path:
        """What MLflow has of the sweep."""
        return self.root / "mirror.jsonl"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def ray(self) -> Path:
        """What must be cleaned up after a killed driver."""
        return self.root / "ray.json"

    @property
    def request(self) -> Path:
        """What a person wants of the driver (`sweeper.ledger.requests`)."""
        return self.root / "request.json"

    @property
    def note(self) -> Path:
        """What the driver says of itself (`sweeper.ledger.note`)."""
        return self.root / "driver.json"

    @property
    def notify(self) -> Path:
        """Whom the driver tells how it ended, and of what (`sweeper.sweep.notify`)."""
        return self.root / "notify.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def summary(self) -> Path:
        return self.root / "summary"

    def discard_checkpoints(self, number: int) -> None:
        """Free what only an unfinished trial needs; the best model is among its artifacts."""
        folder = self.trial(number)
        with told(folder, "remove checkpoints in"):
            for path in folder.glob("*.ckpt"):
                path.unlink(missing_ok=True)

    def trial(self, number: int) -> Path:
        return self.root / "trials" / f"{number:0{_TRIAL_WIDTH}d}"


def find_sweeps(sweeps: Path = DEFAULT_ROOT) -> list[SweepPaths]:
    """Every sweep below ``sweeps``, by name."""
    return [SweepPaths(m.parent) for m in sorted(sweeps.absolute().glob("*/manifest.json"))]
