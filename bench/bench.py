"""What synthesis, start-up, review and the routing model cost, side by side in one run: `make bench`.

Each round runs every case once, so that a busy machine weighs on all of them alike: look at the ratios. Memory is
sampled in runs of its own, because sampling slows what it watches. Python keeps what it compiled, as it does by
default, in a folder that is new for each measurement: what the shell says of that, and who ran what before, changes
nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

CODE = Path(__file__).resolve().parent.parent
SITE = "arquantix"
STAGE = "connect"
SAMPLE_SECONDS = 0.01
RESOURCES = 1000
BEHAVIORS = 75
"""As many as CloudFront allows beside the default one."""
REQUESTS = 10_000


@dataclass
class Case:
    """One command, and what its runs cost."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    blocked: bool = False
    """Whether it has to end in 1: a plan of a thousand changes breaks rules."""
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: int = 0
    """Bytes, of the whole process tree; 0 where the system doesn't tell (it isn't Linux)."""

    def run(self, workspace: Path, *, sample: bool = False) -> None:
        """Run the command once in `workspace`, for its time or for its memory."""
        begin = time.perf_counter()
        process = subprocess.Popen(
            self.command, cwd=workspace, env=os.environ | self.environment, stdout=subprocess.DEVNULL
        )
        ended = threading.Event()
        watch = threading.Thread(target=self._watch, args=(process.pid, ended))
        if sample:
            watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        ended.set()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != int(self.blocked):
            sys.exit(f"{self.name} failed with exit code {process.returncode}")
        if sample:
            watch.join()
        else:
            self.wall.append(wall)
            self.cpu.append(usage.ru_utime + usage.ru_stime)

    def _watch(self, pid: int, ended: threading.Event) -> None:
        while not ended.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, tree_pss(pid))

    def row(self) -> str:
        """The case as a line of the table."""
        peak = f"{self.peak / 1e6:7.0f} MB" if self.peak else "unavailable"
        return f"{self.name:34}{median(self.wall):8.2f} s{median(self.cpu):8.2f} s{peak:>13}{len(self.wall):6}"


def tree_pss(pid: int) -> int:
    """Bytes of memory that a process and all its descendants hold; 0 where they are gone."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return 0
    # A process that ended but wasn't waited for has no memory.
    own = sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    return own + sum(map(tree_pss, children))


def make_workspace(folder: Path) -> Path:
    """A copy of the site's files, at the stage that has most in it."""
    for part in ("sites", "imports", "rendered"):
        shutil.copytree(CODE / part, folder / part)
    file = folder / "sites" / f"{SITE}.toml"
    lines = file.read_text().splitlines()
    file.write_text("\n".join(f'stage = "{STAGE}"' if line.startswith("stage ") else line for line in lines))
    return folder


def make_repository(workspace: Path) -> None:
    """Put the workspace under version control as it was adopted: what `bascule diff` compares with."""
    git = ["git", "-C", str(workspace), "-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "adopted"]):
        subprocess.run([*git, *arguments], check=True)


def save_large_plan(workspace: Path) -> None:
    """A saved plan that changes RESOURCES resources: a distribution as large as CloudFront allows, and rules."""
    from bascule import plans, site_file
    from bascule.workspace import Workspace

    site = site_file.load(workspace / "sites" / f"{SITE}.toml")
    directory = Workspace(workspace).synthesized(SITE)
    behaviors = [
        {"path_pattern": f"/{number}/*", "target_origin_id": f"o{number % 25}", "allowed_methods": ["GET", "HEAD"]}
        for number in range(75)
    ]
    origins = [{"origin_id": f"o{number}", "domain_name": f"{number}.example.com"} for number in range(25)]
    values = {
        "id": site.distribution.id,
        "origin": origins,
        "ordered_cache_behavior": behaviors,
        "default_cache_behavior": [{"target_origin_id": "o0", "allowed_methods": ["GET", "HEAD"]}],
        "viewer_certificate": [{"minimum_protocol_version": "TLSv1.2_2021"}],
    }
    changes = [_change("aws_cloudfront_distribution", "site", values, {**values, "price_class": "PriceClass_100"})]
    for number in range(RESOURCES - 1):
        rule = {"priority": number, "tags": {"Site": SITE, "Number": str(number)}}
        rule["action"] = [
            {"type": "forward", "target_group_arn": f"arn:aws:elasticloadbalancing:::targetgroup/{number}"}
        ]
        rule["condition"] = [{"http_header": [{"http_header_name": "X-Origin-Verify", "values": [f"{number:064x}"]}]}]
        changes.append(_change("aws_lb_listener_rule", f"r{number}", rule, {**rule, "priority": number + 1}))
    (directory / plans.PLAN_FILE).write_text("not read")
    (directory / plans.PLAN_JSON).write_text(json.dumps({"format_version": "1.2", "resource_changes": changes}))
    note = plans.Note(SITE, "connect", "connect", "connect", plans.digest(directory), "", "2026-11-24", "1")
    note = replace(note, fingerprint=plans.fingerprint(directory, note))
    (directory / plans.PLAN_NOTE).write_text(json.dumps(asdict(note)))


def _change(type_: str, name: str, before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    detail = {"actions": ["update"], "before": before, "after": after, "after_unknown": {}}
    return {"address": f"{type_}.{name}", "mode": "managed", "type": type_, "change": detail}


def large_world() -> dict[str, dict[str, Any]]:
    """A distribution as large as CloudFront allows, all of it led to an application behind a load balancer."""
    from bascule.managed_policies import ALL_VIEWER, USE_ORIGIN_HEADERS_WITH_QUERY_STRINGS
    from bascule.security_groups import CLOUDFRONT

    behavior = {
        "target_origin_id": "alb",
        "allowed_methods": ["GET", "HEAD"],
        "cached_methods": ["GET", "HEAD"],
        "viewer_protocol_policy": "redirect-to-https",
        "cache_policy_id": USE_ORIGIN_HEADERS_WITH_QUERY_STRINGS,
        "origin_request_policy_id": ALL_VIEWER,
    }
    origin = {
        "origin_id": "alb",
        "domain_name": "alb.example",
        "custom_header": [{"name": "X-Origin-Verify", "value": f"{0:064x}"}],
        "custom_origin_config": [{"http_port": 80, "https_port": 443, "origin_protocol_policy": "http-only"}],
    }
    secret = {"http_header": [{"http_header_name": "X-Origin-Verify", "values": [f"{0:064x}"]}]}
    ingress = {"security_group_id": "sg-alb", "ip_protocol": "tcp", "from_port": 80, "to_port": 80}
    return {
        "aws_cloudfront_distribution.site": {
            "aliases": ["www.example.com"],
            "domain_name": "d111111abcdef8.cloudfront.net",
            "origin": [origin],
            "default_cache_behavior": [behavior],
            "ordered_cache_behavior": [{**behavior, "path_pattern": f"/{number}/*.js"} for number in range(BEHAVIORS)],
        },
        "aws_lb.alb": {"arn": "lb", "dns_name": "alb.example", "security_groups": ["sg-alb"]},
        "aws_lb_listener.alb": {"arn": "listener", "load_balancer_arn": "lb", "port": 80, "protocol": "HTTP"},
        "aws_lb_listener_rule.cloudfront": {
            "listener_arn": "listener",
            "priority": 1,
            "condition": [secret],
            "action": [{"type": "forward", "target_group_arn": "group"}],
        },
        "aws_lb_target_group.app": {"arn": "group"},
        "aws_ecs_service.site": {"load_balancer": [{"target_group_arn": "group", "container_port": 3000}]},
        "aws_security_group.alb": {"id": "sg-alb"},
        "aws_vpc_security_group_egress_rule.alb": {**ingress, "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"},
        "aws_vpc_security_group_ingress_rule.alb": {**ingress, "prefix_list_id": "pl-1"},
        "data.aws_ec2_managed_prefix_list.cloudfront": {"id": "pl-1", "name": CLOUDFRONT},
    }


@dataclass
class Decisions:
    """Requests that the routing model decides in a second of processor time: of a world that is made ready once, and
    of one that is made ready for each request."""

    once: list[float] = field(default_factory=list)
    anew: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Decide the requests of a browser, no two of them the same."""
        from bascule import routing

        world = large_world()
        headers = (
            ("User-Agent", "Mozilla/5.0"),
            ("Accept", "text/html"),
            ("Accept-Encoding", "gzip, deflate, br"),
            ("Accept-Language", "en"),
            ("Referer", "https://www.example.com/"),
            ("Cookie", "session=1; theme=dark"),
        )
        asked = [
            routing.Request(f"/{number % 100}/{number}.js", host="www.example.com", query="v=1", headers=headers)
            for number in range(REQUESTS)
        ]
        ready = routing.router(world)
        for rates, requests, choose in (
            (self.once, asked, lambda: ready),
            (self.anew, asked[: REQUESTS // 20], lambda: routing.router(world)),
        ):
            begin = time.process_time()
            for request in requests:
                decision = routing.decide(choose(), request)
                if decision is None or decision.end != "application":
                    sys.exit(f"{request.path} ends in {decision.end if decision else 'nothing'}")
            rates.append(len(requests) / (time.process_time() - begin))


def main() -> None:
    """Measure, and print the table with the targets beside it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=7, help="rounds (default: 7)")
    options.add_argument(
        "--stock-runs", type=int, default=1, help="rounds with the stock import, some 16 s each (default: 1)"
    )
    chosen = options.parse_args()

    sys.path.insert(0, str(CODE))
    from modules import cdk

    kernel = {key: value for key, value in os.environ.items() if key.startswith("JSII_")}
    del os.environ["NODE_OPTIONS"]
    bascule = [sys.executable, "-m", "bascule"]
    bare = Case("bare import of cdktf", [sys.executable, "-c", f"import {cdk.cdktf.__name__}"], kernel)
    synth = Case("bascule synth", [*bascule, "synth"])
    stock = Case("bascule synth, stock bindings", [*bascule, "synth"], {"BASCULE_STOCK_BINDINGS": "1"})
    start = Case("bascule --help", [*bascule, "--help"])
    review = Case(f"bascule review, {RESOURCES} changes", [*bascule, "review", "--format", "markdown"], blocked=True)
    diff = Case("bascule diff", [*bascule, "diff"])
    trace = Case(f"bascule trace, {RESOURCES} changes", [*bascule, "trace", "/"])
    cases = (bare, synth, stock, start, review, diff, trace)
    decisions = Decisions()
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as compiled:
        os.environ["PYTHONPYCACHEPREFIX"] = compiled
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        workspace = make_workspace(Path(scratch))
        make_repository(workspace)
        synth.run(workspace)
        synth.wall.clear()
        synth.cpu.clear()
        save_large_plan(workspace)
        for case in cases:
            # Also warms the caches.
            case.run(workspace, sample=True)
        for number in range(chosen.runs):
            for case in cases:
                if case is not stock or number < chosen.stock_runs:
                    case.run(workspace)
            decisions.run()

    print(f"{SITE} at {STAGE}: medians\n")
    print(f"{'':34}{'wall':>10}{'user+sys':>10}{'peak (tree)':>13}{'runs':>6}")
    for case in cases:
        print(case.row())
    print()
    ratio = median(synth.wall) / median(bare.wall)
    gain = median(stock.wall) / median(synth.wall)
    told("synth / bare import", f"{ratio:.2f}", "<= 3", ratio <= 3)
    told("stock synth / synth", f"{gain:.1f}", ">= 10", gain >= 10)
    told("synth, peak of the process tree", f"{synth.peak / 1e6:.0f} MB", "<= 300 MB", 0 < synth.peak <= 300e6)
    told("--help", f"{median(start.wall):.2f} s", "<= 0.3 s", median(start.wall) <= 0.3)
    told(review.name, f"{median(review.wall):.2f} s", "<= 1 s", median(review.wall) <= 1)
    told("its peak memory", f"{review.peak / 1e6:.0f} MB", "<= 200 MB", 0 < review.peak <= 200e6)
    told("diff", f"{median(diff.wall):.2f} s", "<= 3 s", median(diff.wall) <= 3)
    told("trace, of the saved plan", f"{median(trace.wall):.2f} s", "<= 0.5 s", median(trace.wall) <= 0.5)
    rate = median(decisions.once)
    told("requests decided in a second", f"{rate:.0f}", ">= 20000", rate >= 20000)
    gain = rate / median(decisions.anew)
    told("made ready once / for each", f"{gain:.1f}", ">= 10", gain >= 10)


def told(what: str, measured: str, target: str, met: bool) -> None:
    """Print one target and whether it is met."""
    print(f"{what:34}{measured:>10}   target {target:10} {'met' if met else 'NOT MET'}")


if __name__ == "__main__":
    main()
