"""A Ray cluster of several nodes on one machine, as its administrator has it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

_SETTINGS = {"num_cpus": 2, "object_store_memory": 80 * 2**20}


def can_start_apart() -> bool:
    """Whether this user may hide a folder from a process (`Nodes.start_apart`)."""
    return not subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode


class Nodes:
    """Nodes with two processors each; the first one is the head, where drivers run.

    Args:
        variables: environment of the nodes, which their workers inherit.
    """

    def __init__(self, variables: dict[str, str]) -> None:
        from ray.cluster_utils import Cluster

        self._variables = variables
        self._apart: list[subprocess.Popen[bytes]] = []
        self._scratch = tempfile.mkdtemp(prefix="nodes-")
        head = {**_SETTINGS, "include_dashboard": False, "temp_dir": self._scratch}
        with self._environment():
            self._cluster = Cluster(initialize_head=True, head_node_args=head)

    @property
    def address(self) -> str:
        found: str = self._cluster.address
        return found

    def start(self) -> Any:
        """Start another node; it has joined on return."""
        with self._environment():
            return self._cluster.add_node(**_SETTINGS)

    def start_apart(self, folder: Path) -> subprocess.Popen[bytes]:
        """Start another node that has an empty ``folder`` of its own in place of the shared one."""
        start = "from ray.scripts.scripts import main; main()"
        words = ["start", f"--address={self.address}", "--num-cpus=2", "--block"]
        ray = shlex.join([sys.executable, "-c", start, *words])
        hidden = f"mount -t tmpfs none {shlex.quote(str(folder))} && exec {ray}"
        process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", hidden],
            env=os.environ | self._variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._apart.append(process)
        return process

    def kill(self, node: Any) -> None:
        """End all processes of the node at once, as a power cut does."""
        for started in node.all_processes["raylet"]:
            raylet = psutil.Process(started.process.pid)
            for process in [*raylet.children(recursive=True), raylet]:
                process.kill()
        self._cluster.remove_node(node, allow_graceful=False)

    def close(self) -> None:
        for node in self._apart:
            for process in [*psutil.Process(node.pid).children(recursive=True), node]:
                process.kill()
            node.wait()
        self._cluster.shutdown()
        shutil.rmtree(self._scratch, ignore_errors=True)

    @contextmanager
    def _environment(self) -> Iterator[None]:
        before = dict(os.environ)
        os.environ.update(self._variables)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
