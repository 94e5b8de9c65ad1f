"""The CDKTF app: for each site, intent + what was adopted → one stack.

`python main.py` synthesizes every site of the working directory; with CDKTF's own context
(CDKTF_CONTEXT_JSON='{"site": "arquantix", "stage": "connect"}') one site, at another stage if asked.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from bascule.errors import BasculeError
from bascule.ladder import Stage

if TYPE_CHECKING:
    from bascule.site import Site
    from imports import Adopted


def main() -> None:
    """Write `stacks/<site>/cdk.tf.json` below CDKTF_OUTDIR."""
    context = json.loads(os.environ.get("CDKTF_CONTEXT_JSON") or "{}")
    with ThreadPoolExecutor(1) as pool:
        # CDK's import mostly waits for Node; the files are read meanwhile.
        cdk = pool.submit(import_module, "modules.cdk")
        sites = _read(context.get("site"))
        app = cdk.result().cdktf.App(skip_validation=True)
    from modules.stack import site_stack

    for name, (site, adopted) in sites.items():
        stage = Stage(context.get("stage") or site.stage)
        site_stack(app, name, site, adopted, stage, descending=bool(context.get("descending")))
    app.synth()


def _read(only: str | None) -> dict[str, tuple[Site, Adopted]]:
    import imports
    from bascule.site_file import load

    folder = Path("sites")
    paths = [folder / f"{only}.toml"] if only else sorted(folder.glob("*.toml"))
    return {path.stem: (load(path), imports.read(path.stem, Path())) for path in paths}


if __name__ == "__main__":
    if os.environ.get("BASCULE_STOCK_BINDINGS") != "1":
        # Nearly all that is made lives to the end, which is near: looking for garbage takes a tenth of the time.
        gc.disable()
    try:
        main()
    except BasculeError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
