"""A Terraform that a test scripts, run as a program of its own: it plans by comparing what is live with what a rung
wants, and applying makes that so. `scripted.World` writes the file that it reads and keeps."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ADOPTED = ("aws_cloudfront_distribution", "aws_s3_bucket", "aws_ecs_service")


LOAD_BALANCER, ITS_ORIGIN = "aws_lb.alb", "bascule-alb"


def targets(target: str, wanted: dict[str, Any]) -> set[str]:
    """What a plan may touch: everything, or the target and what its configuration refers to."""
    if not target:
        return set(wanted)
    refers = ITS_ORIGIN in json.dumps(wanted[target]) and LOAD_BALANCER in wanted
    return {target, LOAD_BALANCER} if refers else {target}


def plan(
    now: dict[str, Any], wanted: dict[str, Any], target: str, ids: dict[str, str], *, forget: bool
) -> dict[str, Any]:
    """The JSON of the plan that leads from some resources to others, by address."""
    changes = []
    for address in sorted({*now, *wanted}):
        if not target or address in targets(target, wanted):
            old, new = now.get(address), wanted.get(address)
            change: dict[str, Any] = {
                "actions": actions(old, new, forget=forget),
                "before": old and old["values"],
                "after": new and new["values"],
            }
            if old is None and change["actions"] == ["no-op"]:
                change |= {"before": change["after"], "importing": {"id": ids[new["type"]]}}
            type_ = address.partition(".")[0]
            changes.append({"address": address, "mode": "managed", "type": type_, "change": change})
    return {"format_version": "1.2", "resource_changes": changes}


def actions(old: dict[str, Any] | None, new: dict[str, Any] | None, *, forget: bool) -> list[str]:
    """What Terraform would do with one resource."""
    if old is None:
        return ["no-op"] if new and new["type"] in ADOPTED else ["create"]
    if new is None:
        return ["forget"] if forget else ["delete"]
    if old.get("tainted"):
        return ["delete", "create"]
    return ["no-op"] if old["values"] == new["values"] else ["update"]


def note(root: Path, *words: str) -> None:
    """Add a line to what was run."""
    with (root / "calls.log").open("a") as log:
        print(*words, file=log)


def drifted(state: dict[str, Any], drift: dict[str, Any]) -> dict[str, Any]:
    """The state as a refresh finds it; what is null is gone."""
    return {address: found for address, found in {**state, **drift}.items() if found}


def failed(summary: str) -> int:
    """Say what Terraform's diagnostic says; returns the exit code."""
    print(json.dumps({"type": "diagnostic", "diagnostic": {"severity": "error", "summary": summary}}))
    return 1


def main(root: Path, command: str, *arguments: str) -> int:
    """Run one command on the world in `root`; returns the exit code."""
    note(root, command, *arguments)
    if command == "version":
        print(json.dumps({"terraform_version": "1.11.4"}))
        return 0
    path = root / "world.json"
    world = json.loads(path.read_text())
    state, last = world["state"], Path(arguments[-1]) if arguments else Path()
    if command == "show" and last.name == "plan.tfplan":
        print(json.dumps(json.loads(last.read_text())["plan"]))
    elif command == "show":
        print(json.dumps({"format_version": "1.0", "values": {"root_module": {"resources": list(state.values())}}}))
    elif command == "untaint":
        state[str(last)].pop("tainted")
    elif command == "plan":
        options = dict(argument.lstrip("-").partition("=")[::2] for argument in arguments)
        # The real app's configuration doesn't say; no more than its adoption is planned here.
        stage = json.loads(Path("cdk.tf.json").read_text()).get("locals", {"stage": "adopt"})["stage"]
        wanted, live, target = world["rungs"][stage], drifted(state, world["drift"]), options.get("target", "")
        planned = plan(live, wanted, target, world["ids"], forget=stage == "none")
        after = {**state, **{address: wanted[address] for address in targets(target, wanted)}} if target else wanted
        if stage in world["unplannable"]:
            return failed(f"no plan to {stage}")
        Path(options["out"]).write_text(json.dumps({"plan": planned, "after": after, "stage": stage}))
        still = all(c["change"]["actions"] == ["no-op"] and "importing" not in c["change"]
                    for c in planned["resource_changes"])  # fmt: skip
        return 0 if still else 2
    elif command == "apply":
        saved = json.loads(last.read_text())
        note(root, "applied", saved["stage"])
        end = world["ends"].pop(saved["stage"], {"state": saved["after"], "error": ""})
        path.write_text(json.dumps(world | {"state": end["state"], "drift": {}}))
        if end["error"]:
            return failed(end["error"])
        return 0
    path.write_text(json.dumps(world))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
