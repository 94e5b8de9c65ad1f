"""The real Terraform and the real provider accept what is synthesized, as JSON and as HCL, at every stage.

Asking the provider costs seconds, however much is asked; so all configurations are judged in two runs, as modules of
one. Import, provider and backend blocks belong to a root module only: each run has one variant for its root.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from real_terraform import outputs, terraform
from synthesis import VARIANTS, configuration, without

from bascule import render, schema
from bascule.ladder import Stage
from bascule.terraform import LOCK_FILE
from modules.load_balancer import SECRET_PATTERN

CASES = [
    (variant, stage)
    for variant in VARIANTS
    for stage in (Stage if variant == "audited" else (Stage.ATTACH, Stage.CONNECT, Stage.SERVE))
]


@pytest.fixture(scope="session")
def hcl_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every case as the HCL that reviewers read."""
    folder = tmp_path_factory.mktemp("rendered")
    for variant, stage in CASES:
        text = render.main_tf(configuration(variant, stage), schema.load())
        (folder / f"{variant}-{stage}.tf").write_text(text, encoding="utf-8")
    return folder


def test_the_hcl_is_canonical(hcl_folder: Path) -> None:
    """`terraform fmt` would change nothing."""
    assert "" == terraform(hcl_folder, "fmt", "-check", "-diff", "-no-color")


@pytest.mark.parametrize(("syntax", "root"), [("json", "audited"), ("hcl", "hcp")])
def test_terraform_accepts_every_stage_and_variant(syntax: str, root: str, tmp_path: Path) -> None:
    """No error, and no warning either: such as of a deprecated argument."""
    calls = {}
    for variant, stage in CASES:
        name = f"{variant}-{stage}"
        write(configuration(variant, stage), syntax, tmp_path / name, as_module=True)
        calls[name] = {"source": f"./{name}"}
    write(configuration(root, Stage.SERVE), syntax, tmp_path)
    (tmp_path / "modules.tf.json").write_text(json.dumps({"module": calls}))
    (tmp_path / ".terraform.lock.hcl").write_bytes(LOCK_FILE.read_bytes())
    terraform(tmp_path, "init", "-backend=false", "-input=false", "-lockfile=readonly", "-no-color")
    assert [] == json.loads(terraform(tmp_path, "validate", "-json"))["diagnostics"]


def write(values: dict[str, Any], syntax: str, folder: Path, *, as_module: bool = False) -> None:
    """A configuration's file in a folder; as a module, without what only a root module has."""
    if as_module:
        required = {"required_providers": values["terraform"]["required_providers"]}
        values = {**without(values, "import", "provider"), "terraform": required}
    folder.mkdir(exist_ok=True)
    if syntax == "json":
        (folder / "cdk.tf.json").write_text(json.dumps(values), encoding="utf-8")
    else:
        (folder / "main.tf").write_text(render.main_tf(values, schema.load()), encoding="utf-8")


HEX = "0123456789abcdef"


def test_only_one_or_two_long_hexadecimal_values_pass_for_the_secret() -> None:
    """No wildcard, nothing that only differs by case, nothing short, nothing empty: Terraform's own regex is asked."""
    good = [HEX * 2, HEX * 8, f"{HEX * 4},{HEX * 4}"]
    bad = ["", HEX, f"{HEX * 2}*", f"{HEX * 2}?", (HEX * 2).upper(), f"{HEX * 2},", f"{HEX * 2},{HEX}", f"{HEX * 2}\n"]
    bad += [HEX * 8 + "0", f"{HEX * 2}, {HEX * 2}", ",".join([HEX * 2] * 3), "g" * 32]
    secrets = [*good, *bad]
    found = outputs(
        {
            "main.tf.json": json.dumps(
                {
                    "locals": {"secrets": secrets},
                    "output": {
                        "ok": {"value": f'${{[for value in local.secrets : can(regex("{SECRET_PATTERN}", value))]}}'}
                    },
                }
            )
        }
    )
    assert [secret in good for secret in secrets] == found["ok"]
