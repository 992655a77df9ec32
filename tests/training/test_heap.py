"""Freed memory stays with the process while it trains, and goes back after it; large pages."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from sweeper.training.heap import LARGE_PAGES

BLOCK = 64 * 2**20

# in a process of its own: what a long test session has allocated before decides what glibc does
SCRIPT = f"""
import json, resource, psutil, torch
from sweeper.training.heap import freed_memory_kept

def faults(times):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        torch.zeros({BLOCK} // 4)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

plain = faults(8)
with freed_memory_kept():
    faults(24)  # until the scraps that alignment cuts off have filled glibc's cache of small ones
    within = faults(8)
    held = psutil.Process().memory_info().rss
given_back = held - psutil.Process().memory_info().rss
print(json.dumps([plain, within, given_back]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_repeated_blocks_cost_few_page_faults_within_and_are_given_back_after() -> None:
    said = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True
    )
    plain, within, given_back = json.loads(said.stdout)
    assert within < plain / 2
    assert given_back > BLOCK / 2


_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_IN_LARGE_PAGES = f"""
kept = b"." * {BLOCK}
lines = open("/proc/self/smaps_rollup").read().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("AnonHugePages")))
"""


def _offers_large_pages() -> bool:
    name, version = platform.libc_ver()
    recent = name == "glibc" and tuple(map(int, version.split("."))) >= (2, 35)
    return recent and _PAGES.exists() and "[madvise]" in _PAGES.read_text()


@pytest.mark.skipif(not _offers_large_pages(), reason="large pages are given to nobody, or to all")
def test_large_blocks_lie_in_large_pages_where_the_environment_asks_for_them() -> None:
    kilobytes = [
        int(
            subprocess.run(
                [sys.executable, "-c", _IN_LARGE_PAGES],
                env=os.environ | environment,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for environment in ({"GLIBC_TUNABLES": ""}, LARGE_PAGES)
    ]
    assert kilobytes[0] * 1024 < BLOCK / 2 < kilobytes[1] * 1024
