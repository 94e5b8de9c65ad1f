"""The environment of every Terraform process, and where Terraform finds its providers on a machine that is offline."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bascule import files
from bascule.errors import InputError

MIRROR_VARIABLE = "BASCULE_PROVIDER_MIRROR"
AWS = "registry.terraform.io/hashicorp/aws"
ADD_ON_PACKAGES = Path("/opt")
"""Where the Filesystem Hierarchy Standard puts add-on packages; a mirror may be any folder directly below it."""

CLI_CONFIG_VARIABLES = ("TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG")
"""Both name the CLI configuration; the second is the older spelling, which Terraform still reads."""

DROPPED = ("TF_CLI_ARGS", "TF_WORKSPACE", "TF_DATA_DIR")
"""Left out, `TF_CLI_ARGS_plan` and the like too: they change what a plan covers (`-target`), which state it is made
against, or let two configurations share one `.terraform`. The site file is the only source of all that."""


def environment(base: Mapping[str, str], scratch: Path, *, add_ons: Path = ADD_ON_PACKAGES) -> dict[str, str]:
    """The environment for Terraform: `base` (os.environ), made non-interactive, with a provider mirror if there is one.

    The first of these that holds decides where providers come from:

    1. TF_CLI_CONFIG_FILE names a file that exists: Terraform's own business. (A missing file would make Terraform warn
       at every step, so then the variable is left out.)
    2. BASCULE_PROVIDER_MIRROR names a filesystem mirror: it is used, in place of a ~/.terraformrc.
    3. A CLI configuration in the home folder, or the provider in one of Terraform's implied mirrors: left alone.
    4. A mirror directly below `add_ons`: it is used.
    5. Otherwise Terraform asks the registry.

    A mirror is used through a CLI configuration written into the folder `scratch`: the mirror for exactly the
    providers that it holds, the registry for all others. Tokens of `terraform login` go along as TF_TOKEN_ variables,
    since Terraform doesn't read them beside a named CLI configuration.

    Raises InputError when BASCULE_PROVIDER_MIRROR names something else.
    """
    result = {name: value for name, value in base.items() if not name.startswith(DROPPED)}
    result |= {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
    for name in CLI_CONFIG_VARIABLES:
        if name in result and not Path(result[name]).is_file():
            del result[name]
    if any(name in result for name in CLI_CONFIG_VARIABLES):
        return result
    mirror = _mirror(base, add_ons)
    if mirror is None:
        return result
    config = scratch.absolute() / "terraform.tfrc"
    files.write(config, cli_config(mirror, providers(mirror)), files.PRIVATE)
    return _login_tokens(base) | result | {CLI_CONFIG_VARIABLES[0]: str(config)}


def providers(mirror: Path) -> tuple[str, ...]:
    """The source addresses (`host/namespace/type`) that a filesystem mirror holds, packed or unpacked, in order.

    The two layouts: https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror
    """
    return tuple(
        sorted(
            folder.relative_to(mirror).as_posix()
            for folder in mirror.glob("*.*/*/*")
            if any(folder.glob("terraform-provider-*.zip")) or any(folder.glob("*/*_*/terraform-provider-*"))
        )
    )


def cli_config(mirror: Path, held: tuple[str, ...]) -> str:
    """A CLI configuration that takes the providers in `held` from `mirror` and all others from the registry."""
    names = json.dumps(held)
    return f"""\
provider_installation {{
  filesystem_mirror {{
    path    = {json.dumps(str(mirror), ensure_ascii=False)}
    include = {names}
  }}
  direct {{
    exclude = {names}
  }}
}}
"""


def _mirror(base: Mapping[str, str], add_ons: Path) -> Path | None:
    named = base.get(MIRROR_VARIABLE)
    if named:
        mirror = Path(named).expanduser().absolute()
        if AWS not in providers(mirror):
            raise InputError(
                f"{MIRROR_VARIABLE} names no filesystem mirror that holds the AWS provider",
                where=str(mirror),
                remedy=f"name the folder in which {AWS}/ lies, as `terraform providers mirror` makes it, or unset it",
            )
        return mirror
    if _has_own_config(base) or any(_holds_aws(folder) for folder in _implied_mirrors(base)):
        return None
    folders = sorted(add_ons.iterdir()) if add_ons.is_dir() else []
    return next((folder for folder in folders if _holds_aws(folder)), None)


def _holds_aws(mirror: Path) -> bool:
    try:
        return (mirror / AWS).is_dir() and AWS in providers(mirror)
    except PermissionError:
        return False


def _has_own_config(base: Mapping[str, str]) -> bool:
    """Whether the person has a CLI configuration; the file of `terraform login` holds tokens only."""
    home = _home(base)
    own = [home / ".terraformrc", *home.glob(".terraform.d/*.tfrc"), *home.glob(".terraform.d/*.tfrc.json")]
    return any(file.is_file() for file in own if file != _login_file(base))


def _implied_mirrors(base: Mapping[str, str]) -> Iterator[Path]:
    """Where Terraform looks by itself, on Linux and macOS.

    https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
    """
    home = _home(base)
    yield home / ".terraform.d/plugins"
    if sys.platform == "darwin":
        yield home / "Library/Application Support/io.terraform/plugins"
        yield Path("/Library/Application Support/io.terraform/plugins")
        return
    shared = (base.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    for folder in (base.get("XDG_DATA_HOME") or str(home / ".local/share"), *shared):
        yield Path(folder) / "terraform/plugins"


def _login_tokens(base: Mapping[str, str]) -> dict[str, str]:
    """The tokens that `terraform login` stored, as the variables that Terraform reads for each host."""
    try:
        stored = json.loads(_login_file(base).read_text())["credentials"]
        return {
            f"TF_TOKEN_{host.replace('-', '__').replace('.', '_')}": entry["token"] for host, entry in stored.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _login_file(base: Mapping[str, str]) -> Path:
    return _home(base) / ".terraform.d/credentials.tfrc.json"


def _home(base: Mapping[str, str]) -> Path:
    return Path(base.get("HOME") or Path.home())
