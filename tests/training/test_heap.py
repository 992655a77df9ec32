"""Freed memory stays with the process while it trains, and goes back after it."""

from __future__ import annotations

import platform
import resource

import psutil
import pytest
import torch

from sweeper.training.heap import freed_memory_kept

BLOCK = 64 * 2**20


def faults_of_repeated_allocation() -> int:
    for _ in range(4):
        torch.zeros(BLOCK // 4)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(8):
        torch.zeros(BLOCK // 4)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_repeated_blocks_cost_few_page_faults_within_and_are_given_back_after() -> None:
    with freed_memory_kept():
        within = faults_of_repeated_allocation()
        held = psutil.Process().memory_info().rss
    given_back = held - psutil.Process().memory_info().rss
    assert within < faults_of_repeated_allocation() / 2
    assert given_back > BLOCK / 2
