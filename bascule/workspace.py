"""Where a workspace keeps its files: everything is relative to the working directory, code is not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bascule.errors import InputError

CODE = Path(__file__).resolve().parent.parent
"""The checkout that holds main.py and modules/: bascule is installed editable."""


@dataclass(frozen=True)
class Workspace:
    """One working directory."""

    root: Path
    app: Path = CODE / "main.py"
    """The CDKTF app that synthesizes it, as cdktf.json names it."""

    @classmethod
    def here(cls) -> Workspace:
        """The workspace that the command was started in."""
        return cls(Path.cwd())

    def sites(self) -> list[str]:
        """Names of the sites, sorted."""
        return sorted(path.stem for path in (self.root / "sites").glob("*.toml"))

    def named(self, site: str) -> str:
        """The site that a command was given, or the only one where that is empty.

        Raises InputError for a path, which would lead out of the workspace's folders.
        """
        if not site:
            return self.only_site()
        if Path(site).parent == Path("sites"):  # as a shell completes it
            site = Path(site).name
        site = site.removesuffix(".toml")
        if Path(site).name != site:
            raise InputError(f"{site!r} is no site's name", where="SITE", remedy="name a site, not a path")
        return site

    def only_site(self) -> str:
        """The workspace's only site. Raises InputError if there is none or more than one."""
        names = self.sites()
        if len(names) == 1:
            return names[0]
        if names:
            raise InputError("which site?", where="sites/", remedy=f"name one of {', '.join(names)}")
        raise InputError(
            "no site file", where=str(self.root / "sites"), remedy="run bascule in the folder that holds sites/"
        )

    def site_file(self, site: str) -> Path:
        """Intent: `sites/<site>.toml`, relative where possible so that errors are short."""
        return short(self.root / "sites" / f"{site}.toml")

    def imports(self, site: str) -> Path:
        """What was adopted."""
        return self.root / "imports" / site

    def rendered(self, site: str) -> Path:
        """What reviewers read, and the lock file of providers."""
        return self.root / "rendered" / site

    def reviewed(self, site: str) -> tuple[Path, Path]:
        """What a pull request shows of a site: the HCL, and the site file that it follows from."""
        return self.rendered(site) / "main.tf", self.root / "sites" / f"{site}.toml"

    def journal(self, site: str) -> Path:
        """Who did what when; not committed, and kept by `make clean`."""
        return self.scratch() / "journal" / f"{site}.jsonl"

    def way_back(self, site: str) -> Path:
        """The distribution's raw config from before visitors were sent to the load balancer; its owner's alone."""
        return self.scratch() / "way-back" / f"{site}.json"

    def running(self) -> Path:
        """Notes of what Terraform of ours is running."""
        return self.scratch() / "running"

    def lock_file(self, site: str) -> Path:
        """The provider's checksums, committed: every `terraform init` uses them."""
        return self.rendered(site) / ".terraform.lock.hcl"

    def out(self) -> Path:
        """CDKTF's output folder."""
        return self.root / "cdktf.out"

    def synthesized(self, site: str) -> Path:
        """What Terraform runs."""
        return self.out() / "stacks" / site

    def preview(self, stage: str) -> Path:
        """CDKTF's output folder for a look at another stage, which can't be applied."""
        return self.out() / "preview" / stage

    def scratch(self) -> Path:
        """Files of ours that are no one's business: sandbox, demo, adopt's workshop."""
        return self.root / ".bascule"


def short(path: Path) -> Path:
    """A path relative to the working directory where it lies below it, so that messages are short."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
