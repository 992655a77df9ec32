"""The process of one of Syne Tune's trials."""

from __future__ import annotations

import argparse

from syne_tune import Reporter

from benchmarks.overhead import trivial

__all__: list[str] = []


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--batch_size", type=int, required=True)
    options, _ = parser.parse_known_args()
    report = Reporter()
    for epoch in range(1, trivial.EPOCHS + 1):
        report(epoch=epoch, **trivial.train_epoch(options.lr, options.batch_size, epoch))


if __name__ == "__main__":
    _main()
