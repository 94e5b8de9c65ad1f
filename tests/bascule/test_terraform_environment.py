"""The environment that Terraform gets: non-interactive, and with the provider mirror of an offline machine."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from bascule.errors import InputError
from bascule.terraform_environment import AWS, cli_config, environment, providers


def mirror(folder: Path, *addresses: str, packed: bool = False) -> Path:
    """A filesystem mirror in `folder`, holding a provider for each of the addresses."""
    for address in addresses:
        name = f"terraform-provider-{address.rpartition('/')[2]}"
        file = f"{name}_5.100.0_linux_amd64.zip" if packed else f"5.100.0/linux_amd64/{name}_v5.100.0"
        path = folder / address / file
        path.parent.mkdir(parents=True)
        path.touch()
    return folder


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a person who has set up nothing, on a machine without mirrors."""
    (tmp_path / "home").mkdir()
    (tmp_path / "add-ons").mkdir()
    return {"HOME": str(tmp_path / "home"), "PATH": "/bin", "XDG_DATA_DIRS": str(tmp_path / "share")}


def made(base: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return environment(base, tmp_path / "scratch", add_ons=tmp_path / "add-ons")


def test_terraform_never_asks_and_never_calls_home(machine: dict[str, str], tmp_path: Path) -> None:
    """Three variables are set; what the person had stays."""
    expected = machine | {"AWS_PROFILE": "p", "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
    assert expected == made(machine | {"AWS_PROFILE": "p"}, tmp_path)


@pytest.mark.parametrize(
    "name", ["TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_CLI_ARGS_apply", "TF_WORKSPACE", "TF_DATA_DIR"]
)
def test_what_would_change_a_plan_behind_the_review_is_left_out(
    name: str, machine: dict[str, str], tmp_path: Path
) -> None:
    """-target in TF_CLI_ARGS_plan, or another workspace, would make another plan than the one that is reviewed."""
    assert name not in made(machine | {name: "-target=x"}, tmp_path)


def test_without_a_mirror_terraform_is_left_to_itself(machine: dict[str, str], tmp_path: Path) -> None:
    """No CLI configuration is written where none is needed."""
    assert "TF_CLI_CONFIG_FILE" not in made(machine, tmp_path)
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize("name", ["TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG"])
def test_a_cli_configuration_of_the_person_is_respected(name: str, machine: dict[str, str], tmp_path: Path) -> None:
    """An inherited one that exists is passed on, whatever mirrors there are."""
    own = tmp_path / "own.tfrc"
    own.touch()
    mirror(tmp_path / "add-ons/m", AWS)
    result = made(machine | {name: str(own)}, tmp_path)
    assert {name: str(own)} == {key: result[key] for key in ("TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG") if key in result}


@pytest.mark.parametrize("name", ["TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG"])
def test_a_cli_configuration_that_is_missing_is_dropped(name: str, machine: dict[str, str], tmp_path: Path) -> None:
    """Terraform would warn of it at every step."""
    assert name not in made(machine | {name: str(tmp_path / "none.tfrc")}, tmp_path)


@pytest.mark.parametrize("packed", [False, True])
def test_the_named_mirror_is_used_for_what_it_holds(packed: bool, machine: dict[str, str], tmp_path: Path) -> None:
    """Both layouts of a filesystem mirror are known; the rest comes from the registry."""
    other = "registry.terraform.io/hashicorp/random"
    folder = mirror(tmp_path / "mirror", AWS, other, packed=packed)
    config = Path(made(machine | {"BASCULE_PROVIDER_MIRROR": str(folder)}, tmp_path)["TF_CLI_CONFIG_FILE"])
    assert cli_config(folder, (AWS, other)) == config.read_text()
    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_the_cli_configuration_reads_so(tmp_path: Path) -> None:
    """Include and exclude name exactly what the mirror holds; a quote in the path is escaped."""
    expected = """\
provider_installation {
  filesystem_mirror {
    path    = "/a \\"b\\""
    include = ["registry.terraform.io/hashicorp/aws"]
  }
  direct {
    exclude = ["registry.terraform.io/hashicorp/aws"]
  }
}
"""
    assert expected == cli_config(Path('/a "b"'), (AWS,))


@pytest.mark.parametrize("held", [(), ("registry.terraform.io/hashicorp/random",)])
def test_a_name_that_is_no_mirror_is_an_error(held: tuple[str, ...], machine: dict[str, str], tmp_path: Path) -> None:
    """A typing error must not silently mean the registry."""
    folder = mirror(tmp_path / "mirror", *held)
    with pytest.raises(InputError, match="BASCULE_PROVIDER_MIRROR") as caught:
        made(machine | {"BASCULE_PROVIDER_MIRROR": str(folder)}, tmp_path)
    assert str(folder) == caught.value.where


def test_a_mirror_among_the_add_on_packages_is_found(machine: dict[str, str], tmp_path: Path) -> None:
    """Whatever it is called; packages that hold no provider are passed by."""
    (tmp_path / "add-ons/a-package/lib").mkdir(parents=True)
    (tmp_path / "add-ons/half" / AWS).mkdir(parents=True)
    folder = mirror(tmp_path / "add-ons/some-name", AWS)
    config = Path(made(machine, tmp_path)["TF_CLI_CONFIG_FILE"])
    assert cli_config(folder, (AWS,)) == config.read_text()


@pytest.mark.parametrize("own", [".terraformrc", ".terraform.d/mine.tfrc", ".terraform.d/mine.tfrc.json"])
def test_a_mirror_that_nobody_named_gives_way_to_the_persons_configuration(
    own: str, machine: dict[str, str], tmp_path: Path
) -> None:
    """Who wrote a ~/.terraformrc has said where providers come from."""
    mirror(tmp_path / "add-ons/m", AWS)
    file = tmp_path / "home" / own
    file.parent.mkdir(exist_ok=True)
    file.touch()
    assert "TF_CLI_CONFIG_FILE" not in made(machine, tmp_path)


@pytest.mark.parametrize("implied", ["home/.terraform.d/plugins", "share/terraform/plugins"])
def test_terraforms_own_default_mirrors_are_left_to_terraform(
    implied: str, machine: dict[str, str], tmp_path: Path
) -> None:
    """It uses them by itself, and they go before the add-on packages."""
    mirror(tmp_path / "add-ons/m", AWS)
    mirror(tmp_path / implied, AWS)
    assert "TF_CLI_CONFIG_FILE" not in made(machine, tmp_path)


def test_tokens_of_terraform_login_go_along_with_a_mirror(machine: dict[str, str], tmp_path: Path) -> None:
    """Terraform reads its own token file only where no CLI configuration is named."""
    mirror(tmp_path / "add-ons/m", AWS)
    stored = {"app.terraform.io": {"token": "t1"}, "tf-eu.example.com": {"token": "stored-secret"}}
    file = tmp_path / "home/.terraform.d/credentials.tfrc.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"credentials": stored}))
    result = made(machine | {"TF_TOKEN_app_terraform_io": "mine"}, tmp_path)
    assert result["TF_TOKEN_app_terraform_io"] == "mine"
    assert result["TF_TOKEN_tf__eu_example_com"] == "stored-secret"
    assert "stored-secret" not in Path(result["TF_CLI_CONFIG_FILE"]).read_text()


def test_a_folder_that_is_not_there_holds_no_provider(tmp_path: Path) -> None:
    """The mirror's name may be wrong in any way."""
    assert providers(tmp_path / "none") == ()
