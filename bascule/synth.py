"""Synthesis: `python main.py` in a subprocess writes Terraform JSON, from which the HCL for reviewers is rendered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

from bascule import files
from bascule.errors import BasculeError, InputError
from bascule.ladder import Stage
from bascule.workspace import Workspace

CONFIGURATION = "cdk.tf.json"

IMPORTS, OVERRIDE = "unrecorded.tf.json", "unrecorded_override.tf.json"
"""Beside the configuration while a plan has to take in what a killed apply made (`bascule.taking_in`)."""


def synthesize(workspace: Workspace, site: str, stage: Stage | None, out: Path, *, descending: bool = False) -> Path:
    """Write the Terraform JSON of `site` below `out` and return its folder, `out/stacks/<site>`.

    It is that of `stage`; of the one in the site file where that is None. `descending` is for an apply that takes
    something back, in which CloudFront waits for nothing.
    The subprocess is cdktf's own contract: site and stage in CDKTF_CONTEXT_JSON, the folder in CDKTF_OUTDIR. Raises
    InputError with what the app said about the site, BasculeError if it broke.
    """
    out.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "CDKTF_CONTEXT_JSON": json.dumps({"site": site, "stage": stage, "descending": descending}),
        "CDKTF_OUTDIR": str(out),
    }
    done = subprocess.run(
        [sys.executable, str(workspace.app)],
        cwd=workspace.root,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode == InputError.exit_code:
        raise _as_input_error(done.stderr)
    if done.returncode != 0:
        raise BasculeError(
            f"synthesis failed:\n{done.stderr.strip()[-2000:]}", remedy="`make setup` reinstalls what it needs"
        )
    sys.stderr.write(done.stderr)
    return out / "stacks" / site


def synthesize_and_render(workspace: Workspace, site: str, stage: Stage | None = None) -> Path:
    """Synthesize what the site file asks for, or `stage`, and write the HCL that reviewers read.

    A new site's lock file is written beside it, from the one that bascule carries. Returns the folder that Terraform
    runs in. Raises as `synthesize` does.
    """
    from bascule.terraform import LOCK_FILE  # and what runs Terraform, which a preview does without

    with ThreadPoolExecutor(1) as pool:
        # The HCL writer takes a quarter of a second to import; the subprocess takes longer.
        writer = pool.submit(import_module, "bascule.hcl_tree")
        folder = synthesize(workspace, site, stage, workspace.out())
        writer.result()
    files.write(workspace.rendered(site) / "main.tf", rendered(folder))
    if not workspace.lock_file(site).exists():
        files.write(workspace.lock_file(site), LOCK_FILE.read_text(encoding="utf-8"))
    return folder


def preview(workspace: Workspace, site: str, stage: Stage) -> Path:
    """Synthesize `stage` and its HCL below `cdktf.out/preview/`, where nothing is applied; returns the folder."""
    out = workspace.preview(stage.value)
    folder = synthesize(workspace, site, stage, out)
    files.write(out / "rendered" / site / "main.tf", rendered(folder))
    return folder


def take_nothing_in(folder: Path) -> None:
    """Remove what lies beside the configuration in `folder` to take in what a killed apply made."""
    for name in (IMPORTS, OVERRIDE):
        (folder / name).unlink(missing_ok=True)


def rendered(folder: Path) -> str:
    """The HCL of a synthesized folder."""
    from bascule import render, schema

    configuration = json.loads((folder / CONFIGURATION).read_text(encoding="utf-8"))
    return render.main_tf(configuration, schema.load())


def _as_input_error(message: str) -> InputError:
    lines = message.strip().splitlines()
    what = [line for line in lines if not line.startswith(("  where:  ", "  remedy: "))]
    found = {
        key: line.removeprefix(prefix)
        for key, prefix in (("where", "  where:  "), ("remedy", "  remedy: "))
        for line in lines
        if line.startswith(prefix)
    }
    return InputError("\n".join(what), **found)
