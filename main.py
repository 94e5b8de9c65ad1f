"""The CDKTF app: for each site, intent + what was adopted → one stack.

`python main.py` synthesizes every site of the working directory; with CDKTF's own context
(CDKTF_CONTEXT_JSON='{"site": "arquantix", "stage": "connect"}') one site, at another stage if asked.
"""

from __future__ import annotations

import sys
from pathlib import Path

import imports
from bascule import site as sites
from bascule.errors import BasculeError
from bascule.ladder import Stage
from modules.cdk import cdktf
from modules.stack import site_stack


def main() -> None:
    """Write `stacks/<site>/cdk.tf.json` below CDKTF_OUTDIR."""
    workspace = Path.cwd()
    app = cdktf.App(skip_validation=True)
    only, stage = app.node.try_get_context("site"), app.node.try_get_context("stage")
    for path in sorted((workspace / "sites").glob("*.toml")):
        if only in (None, path.stem):
            site = sites.load(path)
            site_stack(app, path.stem, site, imports.read(path.stem, workspace), Stage(stage or site.stage))
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except BasculeError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
