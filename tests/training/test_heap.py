"""Freed memory stays with the process while it trains, and goes back after it."""

from __future__ import annotations

import json
import platform
import subprocess
import sys

import pytest

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
