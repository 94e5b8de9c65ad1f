"""What synthesis and start-up cost, side by side in one run: `make bench`.

Each round runs every case once, so that a busy machine weighs on all of them alike: look at the ratios. Memory is
sampled in runs of its own, because sampling slows what it watches.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

CODE = Path(__file__).resolve().parent.parent
SITE = "arquantix"
STAGE = "connect"
SAMPLE_SECONDS = 0.01


@dataclass
class Case:
    """One command, and what its runs cost."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: int = 0
    """Bytes, of the whole process tree; 0 where the system doesn't tell (it isn't Linux)."""

    def run(self, workspace: Path, *, sample: bool = False) -> None:
        """Run the command once in `workspace`, for its time or for its memory."""
        begin = time.perf_counter()
        process = subprocess.Popen(
            self.command, cwd=workspace, env=os.environ | self.environment, stdout=subprocess.DEVNULL
        )
        ended = threading.Event()
        watch = threading.Thread(target=self._watch, args=(process.pid, ended))
        if sample:
            watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        ended.set()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{self.name} failed with exit code {process.returncode}")
        if sample:
            watch.join()
        else:
            self.wall.append(wall)
            self.cpu.append(usage.ru_utime + usage.ru_stime)

    def _watch(self, pid: int, ended: threading.Event) -> None:
        while not ended.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, tree_pss(pid))

    def row(self) -> str:
        """The case as a line of the table."""
        peak = f"{self.peak / 1e6:7.0f} MB" if self.peak else "unavailable"
        return f"{self.name:34}{median(self.wall):8.2f} s{median(self.cpu):8.2f} s{peak:>13}{len(self.wall):6}"


def tree_pss(pid: int) -> int:
    """Bytes of memory that a process and all its descendants hold; 0 where they are gone."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return 0
    # A process that ended but wasn't waited for has no memory.
    own = sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    return own + sum(map(tree_pss, children))


def make_workspace(folder: Path) -> Path:
    """A copy of the site's files, at the stage that has most in it."""
    for part in ("sites", "imports", "rendered"):
        shutil.copytree(CODE / part, folder / part)
    file = folder / "sites" / f"{SITE}.toml"
    lines = file.read_text().splitlines()
    file.write_text("\n".join(f'stage = "{STAGE}"' if line.startswith("stage ") else line for line in lines))
    return folder


def main() -> None:
    """Measure, and print the table with the targets beside it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=7, help="rounds (default: 7)")
    options.add_argument(
        "--stock-runs", type=int, default=1, help="rounds with the stock import, some 16 s each (default: 1)"
    )
    chosen = options.parse_args()

    sys.path.insert(0, str(CODE))
    from modules import cdk

    kernel = {key: value for key, value in os.environ.items() if key.startswith("JSII_")}
    del os.environ["NODE_OPTIONS"]
    bascule = [sys.executable, "-m", "bascule"]
    bare = Case("bare import of cdktf", [sys.executable, "-c", f"import {cdk.cdktf.__name__}"], kernel)
    synth = Case("bascule synth", [*bascule, "synth"])
    stock = Case("bascule synth, stock bindings", [*bascule, "synth"], {"BASCULE_STOCK_BINDINGS": "1"})
    start = Case("bascule --help", [*bascule, "--help"])
    cases = (bare, synth, stock, start)
    with tempfile.TemporaryDirectory() as scratch:
        workspace = make_workspace(Path(scratch))
        for case in cases:
            # Also warms the caches.
            case.run(workspace, sample=True)
        for number in range(chosen.runs):
            for case in cases:
                if case is not stock or number < chosen.stock_runs:
                    case.run(workspace)

    print(f"{SITE} at {STAGE}: medians\n")
    print(f"{'':34}{'wall':>10}{'user+sys':>10}{'peak (tree)':>13}{'runs':>6}")
    for case in cases:
        print(case.row())
    print()
    ratio = median(synth.wall) / median(bare.wall)
    gain = median(stock.wall) / median(synth.wall)
    told("synth / bare import", f"{ratio:.2f}", "<= 3", ratio <= 3)
    told("stock synth / synth", f"{gain:.1f}", ">= 10", gain >= 10)
    told("synth, peak of the process tree", f"{synth.peak / 1e6:.0f} MB", "<= 300 MB", 0 < synth.peak <= 300e6)
    told("--help", f"{median(start.wall):.2f} s", "<= 0.3 s", median(start.wall) <= 0.3)


def told(what: str, measured: str, target: str, met: bool) -> None:
    """Print one target and whether it is met."""
    print(f"{what:34}{measured:>10}   target {target:10} {'met' if met else 'NOT MET'}")


if __name__ == "__main__":
    main()
