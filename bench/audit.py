"""What a full audit costs where every call takes 50 ms, and what the same calls cost one after the other.

The sandbox holds the audited account; `bench/latency_proxy.py` stands before it. Part of `make bench`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bascule import demo

CODE = Path(__file__).resolve().parent.parent
LATENCY = 50
"""Milliseconds of each call (issue 4)."""
LIMIT = 2.0
"""Seconds for the whole command, start-up included (issue 4)."""

SERIAL = """
from bascule import cli_account, reading
reading.AT_ONCE = 1
cli_account.audit()
"""


def main() -> None:
    """Measure, and print the two times side by side."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=5, help="runs of each")
    runs = options.parse_args().runs
    bascule = Path(sys.executable).with_name("bascule")
    cases = {"at the same time": [str(bascule), "audit"], "one after the other": [sys.executable, "-c", SERIAL]}
    took: dict[str, list[float]] = {name: [] for name in cases}
    with (
        tempfile.TemporaryDirectory() as folder,
        demo.sandboxed(Path(folder) / "site", lambda line: None) as workspace,
        subprocess.Popen(
            [sys.executable, str(CODE / "bench" / "latency_proxy.py"), os.environ["AWS_ENDPOINT_URL"], str(LATENCY)],
            stdout=subprocess.PIPE,
            text=True,
        ) as proxy,
    ):
        assert proxy.stdout is not None
        environment = os.environ | {"AWS_ENDPOINT_URL": proxy.stdout.readline().strip()}
        try:
            for _ in range(runs):
                for name, command in cases.items():
                    begin = time.perf_counter()
                    done = subprocess.run(command, cwd=workspace.root, env=environment, capture_output=True, text=True)
                    took[name].append(time.perf_counter() - begin)
                    if done.returncode:
                        sys.exit(f"{name}: {done.stderr}")
        finally:
            proxy.terminate()
    parallel, serial = (median(times) for times in took.values())
    print(f"{'full audit, 50 ms a call':34}{parallel:8.2f} s{'':4}one call after the other{serial:8.2f} s")
    met = "met" if parallel <= LIMIT else "MISSED"
    print(f"  target: at most {LIMIT:g} s: {met}; {serial / parallel:.1f} times as fast as one call after the other")


if __name__ == "__main__":
    main()
