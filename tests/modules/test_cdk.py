"""The shims that make the bindings start fast change nothing but the time, and step aside where they don't fit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from synthesis import ADOPTED, CODE, NAME, SITE, TEXT, VARIANTS, synthesize, synthesized

from bascule.ladder import Stage
from modules.cdk import _node

HOOK = CODE / "modules" / "lazy_bindings.js"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("JSII_", "NODE_", "CDKTF_"))}
"""What a person's environment holds; that of this process names Node and the hook, once CDK is imported."""


def workspace(folder: Path, stages: Mapping[str, Stage]) -> Path:
    """A workspace with the audited site under other names, at these stages."""
    (folder / "sites").mkdir(parents=True)
    for name, stage in stages.items():
        (folder / "sites" / f"{name}.toml").write_text(TEXT.replace(f'"{SITE.stage}"', f'"{stage}"', 1))
        shutil.copytree(CODE / "imports" / NAME, folder / "imports" / name)
    return folder


def app(folder: Path, environment: Mapping[str, str] = {}, command: tuple[str, ...] = ("main.py",)) -> str:
    """What the app, run in a workspace, prints: on standard output and standard error."""
    run = subprocess.run(
        [sys.executable, *(str(CODE / part) if part == "main.py" else part for part in command)],
        cwd=folder,
        env={**CLEAN, "CDKTF_OUTDIR": str(folder / "out"), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    return run.stdout


def written(folder: Path, name: str = NAME) -> str:
    """The configuration that the app wrote."""
    return (folder / "out" / "stacks" / name / "cdk.tf.json").read_text(encoding="utf-8")


COUNT = """
import os, runpy, sys
sys.path[0] = os.path.dirname(sys.argv[1])
runpy.run_path(sys.argv[1], run_name="__main__")
print(sum(name.startswith("cdktf_cdktf_provider_aws.") for name in sys.modules))
"""


def test_the_app_synthesizes_every_site_at_its_stage_and_imports_few_bindings(tmp_path: Path) -> None:
    """Without context; of 2,135 modules it imports only those that are used, and it says nothing."""
    workspace(tmp_path, {NAME: Stage.SERVE, "other": Stage.NONE})
    printed = app(tmp_path, command=("-c", COUNT, "main.py"))
    assert 10 < int(printed) < 40
    assert synthesized("audited", Stage.SERVE) == written(tmp_path)
    assert '"removed"' in written(tmp_path, "other")


def test_the_stock_import_writes_the_same_bytes(tmp_path: Path) -> None:
    """The one slow run: no stub package, no hook. With CDK's own context it is one site, at the stage asked for."""
    workspace(tmp_path, {NAME: Stage.ADOPT, "other": Stage.ADOPT})
    context = json.dumps({"site": NAME, "stage": "serve"})
    printed = app(tmp_path, {"BASCULE_STOCK_BINDINGS": "1", "CDKTF_CONTEXT_JSON": context})
    assert "" == printed
    assert synthesized("audited", Stage.SERVE) == written(tmp_path)
    assert [NAME] == [folder.name for folder in (tmp_path / "out" / "stacks").iterdir()]


def test_another_node_greets_nobody_with_a_banner(tmp_path: Path) -> None:
    """jsii prints one once a major version of Node is past its end of life, or unknown to it.

    The operator's Node is the one on PATH; where there is none, bascule's own is found by JSII_NODE all the same.
    """
    workspace(tmp_path, {NAME: Stage.SERVE})
    assert "" == app(tmp_path, {"JSII_NODE": shutil.which("node")} if shutil.which("node") else {})
    assert synthesized("audited", Stage.SERVE) == written(tmp_path)


# Stand-ins for CDK's packages, so that these tests see what modules/cdk.py does without waiting for it.
FAKES = {
    "cdktf/__init__.py": "class TerraformResource: pass\n",
    "constructs/__init__.py": "class Construct: pass\n",
    "jsii/__init__.py": "def member(jsii_name):\n    return lambda method: method\n",
    "cdktf_cdktf_provider_aws/__init__.py": "print('imported whole')\n",
    **{
        f"cdktf_cdktf_provider_aws/{name}.py": ""
        for name in (
            "data_aws_ec2_managed_prefix_list",
            "data_aws_ssm_parameter",
            "lb",
            "lb_listener",
            "lb_listener_rule",
            "lb_target_group",
            "security_group",
            "vpc_security_group_egress_rule",
            "vpc_security_group_ingress_rule",
        )
    },
}
KNOWN = {"cdktf_cdktf_provider_aws/_jsii/provider-aws@20.1.0.jsii.tgz": ""}
SHOW = "import os, modules.cdk; print('NODE_OPTIONS =', os.environ.get('NODE_OPTIONS'))"


def shown(folder: Path, files: Mapping[str, str], environment: Mapping[str, str] = {}) -> str:
    """What importing modules.cdk prints with these packages in place of the real ones."""
    for name, text in {**FAKES, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return app(folder, {"PYTHONPATH": f"{folder}{os.pathsep}{CODE}", **environment}, command=("-c", SHOW))


def test_the_known_layout_is_not_imported_whole(tmp_path: Path) -> None:
    """A stub stands for the package, and Node gets the hook."""
    assert f'NODE_OPTIONS = --require "{HOOK.as_posix()}"\n' == shown(tmp_path, KNOWN)


def test_options_that_a_person_gives_to_node_stay(tmp_path: Path) -> None:
    """The hook is put behind them."""
    printed = shown(tmp_path, KNOWN, {"NODE_OPTIONS": "--max-old-space-size=512"})
    assert f'NODE_OPTIONS = --max-old-space-size=512 --require "{HOOK.as_posix()}"\n' == printed


def test_another_layout_is_imported_whole_with_a_warning(tmp_path: Path) -> None:
    """Such as that of another release of the bindings."""
    printed = shown(tmp_path, {"cdktf_cdktf_provider_aws/_jsii/provider-aws@21.0.0.jsii.tgz": ""})
    assert "UserWarning: cdktf_cdktf_provider_aws is not laid out as known" in printed
    assert printed.endswith("imported whole\nNODE_OPTIONS = None\n")


def test_the_stock_import_can_be_asked_for(tmp_path: Path) -> None:
    """Without a warning, since a person asked."""
    printed = shown(tmp_path, KNOWN, {"BASCULE_STOCK_BINDINGS": "1"})
    assert "imported whole\nNODE_OPTIONS = None\n" == printed


def test_variables_that_a_person_set_for_jsii_stay(tmp_path: Path) -> None:
    """Its cache and its Node may be elsewhere."""
    own = {"JSII_NODE": "/own/node", "JSII_RUNTIME_PACKAGE_CACHE_ROOT": "/own/cache"}
    show = f"import os, modules.cdk; print([os.environ[name] for name in {list(own)}])"
    shown(tmp_path, KNOWN)
    environment = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{CODE}", **own}
    assert f"{list(own.values())}\n" == app(tmp_path, environment, command=("-c", show))


def node(script: Path) -> str:
    """What a script prints under the hook."""
    command = [_node() or "node", "--require", HOOK, script]
    return subprocess.run(command, env=CLEAN, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("files", "loaded"), [(("index", "lazy-index"), "lazy-index"), (("index",), "index")])
@pytest.mark.parametrize("package", ["provider-aws", "provider-null"])
def test_node_takes_the_lazy_index_of_the_bindings_where_there_is_one(
    files: tuple[str, ...], loaded: str, package: str, tmp_path: Path
) -> None:
    """Node's own resolution stands where the file is missing, and for every other package."""
    lib = tmp_path / package / "lib"
    lib.mkdir(parents=True)
    (lib.parent / "package.json").write_text('{"main": "lib/index.js"}')
    for name in files:
        (lib / f"{name}.js").write_text(f'module.exports = "{name}"')
    (tmp_path / "script.js").write_text(f"console.log(require({json.dumps(str(lib.parent))}))")
    assert (f"{loaded}\n" if package == "provider-aws" else "index\n") == node(tmp_path / "script.js")


def test_node_loads_the_archiver_when_it_is_called(tmp_path: Path) -> None:
    """And hands over what it was called with."""
    package = tmp_path / "node_modules" / "archiver"
    package.mkdir(parents=True)
    (package / "index.js").write_text('console.log("loaded"); module.exports = (kind) => kind')
    (tmp_path / "script.js").write_text('const a = require("archiver"); console.log("idle"); console.log(a("zip"))')
    assert "idle\nloaded\nzip\n" == node(tmp_path / "script.js")


def test_what_is_synthesized_depends_on_nothing_but_its_inputs() -> None:
    """Twice the same bytes, without a path or a date of this machine."""
    again = synthesize(VARIANTS["audited"], Stage.SERVE)
    assert synthesized("audited", Stage.SERVE) == again
    assert str(CODE) not in again
    assert ADOPTED.facts.account in again
