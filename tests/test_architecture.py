"""Who imports whom, as docs/design.md says."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PURE = {"errors", "site", "site_file", "ladder", "guard", "summary", "distribution"}
PURE |= {"hcl", "template", "render", "schema", "managed_policies", "error_responses"}
PURE |= {"plan_json", "meaning", "routing", "review", "rules", "rules.adoption", "rules.order"}
PURE |= {"rules.network", "rules.listener", "rules.tls", "visitors", "hcl_diff"}
PURE |= {"rules.serving", "fence", "formats", "renderers.json", "renderers.markdown"}
PURE |= {"planned_values", "worlds", "wildcards", "http_request", "request_headers", "edge", "edge_policies"}
PURE |= {"origin_requests", "security_groups", "listener_rules", "load_balancers", "origins", "lanes"}
PURE |= {"decisions", "rotation", "locks", "outcomes", "gates", "waiting"}
PURE |= {"checks", "checks.base", "checks.by_hand", "checks.subnets", "checks.account", "checks.permissions"}
PURE |= {"checks.distribution", "checks.aliases", "checks.certificates", "checks.storage", "checks.service"}
PURE |= {"checks.tasks", "checks.network", "checks.groups", "checks.serving"}
PURE |= {"iam_actions", "aws_calls", "permissions", "policies", "sandbox.evaluation", "sandbox.authorizations"}
PURE |= {"inventory_calls", "sandbox.simulation", "inventory", "names", "dns", "journal", "language"}
PURE |= {f"audit.{name}" for name in ("account", "actions", "blocks", "bucket_section", "changes", "edge_sections")}
PURE |= {
    f"audit.{name}" for name in ("known", "path", "phrases", "reuse", "service_facts", "service_sections", "wording")
}
PURE |= {"audit", "audit.facts", "audit.options", "audit.document", "renderers.audit_json", "renderers.audit_text"}
PURE |= {f"verify.{name}" for name in ("messages", "row", "expectation", "source", "remedies", "walk", "names")}
PURE |= {f"verify.{name}" for name in ("pages", "requests", "outside", "matrix", "run")}
PURE |= {"renderers.verify_text", "renderers.verify_json", "trace", "configuration"}
PURE |= {f"sandbox.edge.{name}" for name in ("lifetimes", "response_headers")}
PURE |= {"renderers.audit_markdown", "renderers.checks_text", "renderers.checks_json"}
PURE |= {"live_values"} | {f"live_values.{n}" for n in ("balancers", "edge", "facts", "listeners", "policies", "tasks")}
"""Modules of bascule that are values in, values out."""

CDK = ("cdktf", "jsii", "constructs", "cdktf_cdktf_provider_aws")
AWS = ("boto3", "botocore", "moto")
SANDBOX_SERVER = ("account", "answers", "corrections", "seed", "server", "services", "targets")
SANDBOX_SERVER += ("calls", "iam", "principals", "refusals", "requests")
SANDBOX_SERVER += tuple(f"corrections.{name}" for name in ("cloudfront", "ec2", "ecs", "iam", "inventory"))
SANDBOX_SERVER += ("corrections.load_balancing", "corrections.instead")
SANDBOX_SERVER += tuple(f"edge.{name}" for name in ("account", "balancer", "bucket", "certificates", "edge", "inside"))
SANDBOX_SERVER += ("edge.outside", "edge.running", "edge.serving", "edge.tasks")
"""Modules of bascule.sandbox that run in the server's own process, where moto is."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def in_folder(folder: str) -> dict[str, Path]:
    return {module_name(path): path for path in sorted((ROOT / folder).rglob("*.py"))}


SOURCES = {**in_folder("bascule"), **in_folder("imports"), **in_folder("modules"), "main": ROOT / "main.py"}


def imported(path: Path, *, lazily: bool = True) -> set[str]:
    """Full names of the modules that a file imports; `lazily` counts imports inside functions, too.

    An import that only type checkers read is none.
    """
    return set(_imported(ast.parse(path.read_text()), lazily)) - {"__future__"}


def _imported(node: ast.AST, lazily: bool) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            module = child.module or ""
            for alias in child.names:
                full = f"{module}.{alias.name}"
                yield full if full in SOURCES else module
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        elif lazily or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _imported(child, lazily)


def top(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def reachable(name: str) -> set[str]:
    """All that a module imports, itself or through modules of ours."""
    found, left = set[str](), [name]
    while left:
        for other in imported(SOURCES[left.pop()]):
            if other not in found:
                found.add(other)
                if other in SOURCES:
                    left.append(other)
    return found


@pytest.mark.parametrize("name", SOURCES)
def test_cdk_is_named_in_one_module(name: str) -> None:
    """Its community fork is a rename there."""
    if name != "modules.cdk":
        assert set() == top(imported(SOURCES[name])) & set(CDK)


@pytest.mark.parametrize("name", sorted(PURE))
def test_a_pure_module_reaches_no_cdk_no_aws_and_no_command_line(name: str) -> None:
    """Not even through another module."""
    assert set() == top(reachable(f"bascule.{name}")) & {*CDK, *AWS, "typer", "rich"}


@pytest.mark.parametrize("name", [name for name in SOURCES if name.startswith("bascule")])
def test_bascule_imports_nothing_of_the_app(name: str) -> None:
    """It learns what was synthesized from files."""
    assert set() == top(imported(SOURCES[name])) & {"modules", "imports", "main"}


@pytest.mark.parametrize("name", [name for name in SOURCES if name.startswith(("modules", "imports", "main"))])
def test_the_app_imports_pure_modules_alone(name: str) -> None:
    """Synthesis needs no account and no Terraform."""
    ours = {other for other in imported(SOURCES[name]) if other.startswith("bascule")}
    assert set() == ours - {"bascule", *(f"bascule.{pure}" for pure in PURE)}


def test_imports_read_hcl_and_nothing_else() -> None:
    """What was adopted is files."""
    assert {"bascule.hcl", "bascule.errors"} == {n for n in imported(SOURCES["imports"]) if n in SOURCES}


def test_modules_do_not_import_the_app_that_wires_them() -> None:
    """Wiring is main.py's."""
    assert set() == {name for name, path in SOURCES.items() if "main" in imported(path)}


@pytest.mark.parametrize("name", [name for name in SOURCES if not name.startswith("modules")])
def test_aws_is_imported_where_it_is_used(name: str) -> None:
    """So that a command starts at once; the sandbox's server, which is moto, is a process of its own."""
    if name not in {f"bascule.sandbox.{module}" for module in SANDBOX_SERVER}:
        assert set() == top(imported(SOURCES[name], lazily=False)) & set(AWS)


@pytest.mark.parametrize("name", [name for name in SOURCES if name.startswith("bascule.") and "sandbox" not in name])
def test_only_the_seam_makes_clients(name: str) -> None:
    """bascule.aws; others import no more than botocore's exceptions and its names of methods."""
    if name != "bascule.aws":
        assert imported(SOURCES[name]) & {"boto3", "moto"} == set()
        known = {"botocore", "botocore.exceptions", "botocore.parsers"}
        assert {n for n in imported(SOURCES[name]) if n.startswith("botocore")} <= known


def test_only_bascule_is_installed() -> None:
    """`modules` and `imports` would be names that anybody's package may have."""
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "bascule").rglob("__init__.py")}
    assert sorted(str(folder).replace("/", ".") for folder in folders) == sorted(packages)


@pytest.mark.parametrize(
    ("arguments", "more"), [(["--help"], ["pydantic"]), (["plan", "--help"], []), (["--version"], [])]
)
def test_help_imports_nothing_heavy(arguments: list[str], more: list[str]) -> None:
    """It answers in a fraction of a second. Below the first level typer itself reads arguments with pydantic."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bascule", *arguments], capture_output=True, text=True, check=True
    )
    loaded = {line.split("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert {"bascule", "typer"} <= loaded
    assert set() == loaded & {*CDK, *AWS, "hcl2", "lark", *more}
