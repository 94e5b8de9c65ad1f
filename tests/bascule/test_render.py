"""A whole configuration becomes HCL that reads well and means the same; the real Terraform says whether it does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from plan_json import comparable
from real_terraform import assert_canonical, terraform
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from bascule import hcl, render, schema
from bascule.errors import BasculeError

SCHEMA = schema.load()

# A rule of a security group as cdktf writes it: an attribute, so every one of its own has to be there.
RULE = {
    "cidr_blocks": ["10.0.0.0/8"],
    "description": None,
    "from_port": 443,
    "ipv6_cidr_blocks": None,
    "prefix_list_ids": None,
    "protocol": "tcp",
    "security_groups": None,
    "self": None,
    "to_port": 443,
}
PLANNED: dict[str, Any] = {
    "//": {"metadata": {"backend": "s3", "stackName": "site", "version": "0.21.0"}},
    "terraform": {
        "required_version": ">= 1.11.0",
        "required_providers": {"aws": {"source": "hashicorp/aws", "version": schema.PROVIDER_VERSION}},
    },
    "provider": {
        "aws": {
            "region": "me-central-1",
            "access_key": "x",
            "secret_key": "x",
            "skip_credentials_validation": True,
            "skip_metadata_api_check": "true",
            "skip_requesting_account_id": True,
            "default_tags": [{"tags": {"Stage": "demo", "aws:x": "${var.suffix}"}}],
        }
    },
    "variable": {
        "suffix": {
            "type": "string",
            "default": "dev",
            "description": "costs ${5} or $${6}",
            "validation": {"condition": '${var.suffix != ""}', "error_message": "It can't be empty."},
        },
        "weights": {"type": "map(object({weight=optional(number,1)}))", "default": {"b": {"weight": 2}, "a": {}}},
    },
    "locals": {"name": "site-${var.suffix}", "zones": {"subnet-2": "b", "subnet-1": "a"}, "none": None},
    "resource": {
        "aws_security_group": {
            "alb": {
                "//": {"metadata": {"path": "site/alb", "uniqueId": "alb"}},
                "name": "${local.name}-alb",
                "description": 'Says "hi" to C:\\temp, $${x} and %%{y}\nand to é',
                "ingress": [RULE],
                "tags": {"Name": "${upper(local.name)}", "é": "à la carte", "x.y": "1"},
                "vpc_id": "vpc-1",
                "name_prefix": None,
                "timeouts": {"create": "10m", "delete": '${var.suffix == "dev" ? "5m" : "10m"}'},
            }
        },
        "aws_lb": {
            "web": {
                "count": 1,
                "name": "web",
                "security_groups": ["${aws_security_group.alb.id}"],
                "subnets": "${keys(local.zones)}",
                "access_logs": [{"bucket": "logs", "enabled": False}],
                "depends_on": ["aws_security_group.alb"],
                "lifecycle": {
                    "create_before_destroy": True,
                    "precondition": [{"condition": "${length(local.zones)>1}", "error_message": "Two zones, please."}],
                },
            }
        },
        "aws_lb_target_group": {
            "app": {
                "for_each": "${var.weights}",
                "name": "app-${each.key}",
                "port": 3000,
                "protocol": "HTTP",
                "vpc_id": "vpc-1",
                "health_check": {"path": "/", "timeout": 5},
                "lifecycle": [{"ignore_changes": ["port", 'tags["x"]'], "replace_triggered_by": ["aws_lb.web[0]"]}],
            }
        },
        "aws_lb_listener": {
            "web": {
                "load_balancer_arn": "${aws_lb.web[0].arn}",
                "port": 80,
                "default_action": [
                    {
                        "type": "forward",
                        "forward": [
                            {
                                "target_group": [
                                    {"arn": '${aws_lb_target_group.app["a"].arn}', "weight": 1},
                                    {"arn": '${aws_lb_target_group.app["b"].arn}', "weight": 2},
                                ]
                            }
                        ],
                    }
                ],
            }
        },
        "aws_cloudfront_distribution": {
            "site": {
                "enabled": True,
                "aliases": [f"{name}.example.com" for name in ("www", "blog", "shop", "docs", "status", "help")],
                "default_cache_behavior": {
                    "allowed_methods": ["GET", "HEAD"],
                    "cached_methods": ["GET", "HEAD"],
                    "target_origin_id": "alb",
                    "viewer_protocol_policy": "redirect-to-https",
                    "forwarded_values": [{"query_string": False, "cookies": {"forward": "none"}}],
                },
                "ordered_cache_behavior": [
                    {
                        "path_pattern": pattern,
                        "allowed_methods": ["GET", "HEAD"],
                        "cached_methods": ["GET", "HEAD"],
                        "target_origin_id": "alb",
                        "viewer_protocol_policy": "allow-all",
                        "cache_policy_id": "658327ea-f89d-4fab-a63d-7e88639e58f6",
                    }
                    for pattern in ("/z/*", "/a/*")
                ],
                "origin": [{"domain_name": "${aws_lb.web[0].dns_name}", "origin_id": "alb", "custom_header": []}],
                "restrictions": {"geo_restriction": {"restriction_type": "none", "locations": []}},
                "viewer_certificate": {"cloudfront_default_certificate": True},
                "lifecycle": {"prevent_destroy": True, "ignore_changes": "all"},
            }
        },
    },
    "moved": [{"from": "aws_lb.old", "to": "aws_lb.web"}],
    "output": {
        "dns": {
            "value": {"b": "${aws_lb.web[0].dns_name}", "a": [1, None, "${local.name}"]},
            "description": "not a ${template}",
            "sensitive": True,
            "depends_on": ["aws_lb.web"],
            "precondition": {"condition": '${local.name != ""}', "error_message": "It has a name."},
        }
    },
}
COMPLETE: dict[str, Any] = PLANNED | {
    "terraform": PLANNED["terraform"]
    | {"backend": {"s3": {"bucket": "state", "key": "site.tfstate", "region": "me-central-1", "use_lockfile": True}}},
    "provider": {"aws": [PLANNED["provider"]["aws"], {"alias": "east", "region": "us-east-1"}]},
    "data": {
        "aws_ssm_parameter": {
            "secret": {
                "provider": "aws.east",
                "name": "/site/secret",
                "lifecycle": {"postcondition": {"condition": '${self.value != ""}', "error_message": "It is empty."}},
            }
        }
    },
    "import": [
        {"to": "aws_cloudfront_distribution.site", "id": "EPJ3WQCO04UWW"},
        {"for_each": {"a": "arn:a"}, "to": "aws_lb_target_group.app[each.key]", "id": "${each.value}"},
    ],
    "removed": [{"from": "aws_s3_bucket.site", "lifecycle": {"destroy": False}}],
    "check": {
        "health": {
            "data": {"aws_ssm_parameter": {"there": {"name": "/site/there", "depends_on": ["aws_lb.web"]}}},
            "assert": [{"condition": '${data.aws_ssm_parameter.there.value != ""}', "error_message": "It is gone."}],
        }
    },
}
CLOUD = {"terraform": {"cloud": {"organization": "o", "workspaces": {"name": "site", "project": "p"}}}}


class AsTerraform(SingleFileSnapshotExtension):
    """One golden file for each test, that reads as what it is."""

    _write_mode = WriteMode.TEXT
    file_extension = "tf"


def rendered(configuration: Mapping[str, Any]) -> str:
    return render.main_tf(configuration, SCHEMA)


def test_every_kind_of_block_is_rendered_for_reviewers(snapshot: SnapshotAssertion) -> None:
    """The golden file is regenerated with `pytest --snapshot-update`."""
    text = render.main_tf(COMPLETE, SCHEMA, header=["Rendered by a test."])
    assert text == snapshot(extension_class=AsTerraform)
    assert_canonical(text)


def test_terraform_plans_the_same_from_the_hcl_as_from_the_json(tmp_path: Path) -> None:
    """Every block is valid; those that need no account make the same plan."""
    (tmp_path / "main.tf").write_text(rendered(COMPLETE), encoding="utf-8")
    terraform(tmp_path, "init", "-backend=false")
    terraform(tmp_path, "validate")
    (tmp_path / "main.tf").unlink()
    plans = []
    for name, text in (("main.tf.json", json.dumps(PLANNED)), ("main.tf", rendered(PLANNED))):
        (tmp_path / name).write_text(text, encoding="utf-8")
        terraform(tmp_path, "plan", "-refresh=false", "-out", f"{name}.plan")
        plans.append(json.loads(terraform(tmp_path, "show", "-json", f"{name}.plan")))
        (tmp_path / name).unlink()
    assert comparable(plans[0]) == comparable(plans[1])


def reordered(value: Any) -> Any:
    """The same JSON with the keys of every object in reverse order."""
    if isinstance(value, Mapping):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def test_the_order_of_keys_makes_no_difference() -> None:
    """Same JSON, same bytes."""
    assert rendered(COMPLETE) == rendered(reordered(COMPLETE))


def test_what_was_rendered_is_read_back_as_the_configuration() -> None:
    """`bascule.hcl` reads the HCL as JSON that renders to the same bytes."""
    read = hcl.loads(rendered(COMPLETE))
    assert (
        read["resource"]["aws_security_group"]["alb"]["description"]
        == (COMPLETE["resource"]["aws_security_group"]["alb"]["description"])
    )
    for found in (*read["variable"].values(), *read["output"].values()):
        # A description is the one text that JSON syntax takes as it stands; its escapes were added.
        found.pop("description", None)
    without = json.loads(json.dumps(COMPLETE))
    del without["variable"]["suffix"]["description"], without["output"]["dns"]["description"]
    assert rendered(without) == rendered(read)


def test_blocks_may_stand_as_objects_or_as_lists_of_objects() -> None:
    """JSON syntax allows both at every level."""
    listed = {
        "resource": [{"aws_lb": [{"web": [{"name": "web", "access_logs": [{"bucket": "b"}]}]}]}],
        "terraform": [{"backend": [{"s3": [{"bucket": "b"}]}]}],
    }
    plain = {
        "terraform": {"backend": {"s3": {"bucket": "b"}}},
        "resource": {"aws_lb": {"web": {"name": "web", "access_logs": {"bucket": "b"}}}},
    }
    assert rendered(plain) == rendered(listed)


def test_a_terraform_cloud_workspace_is_a_block_in_a_block() -> None:
    """The other of the two backends."""
    assert rendered(CLOUD) == (
        'terraform {\n  cloud {\n    organization = "o"\n\n    workspaces {\n'
        '      name    = "site"\n      project = "p"\n    }\n  }\n}\n'
    )


@pytest.mark.parametrize(
    ("configuration", "what"),
    [
        ({"resource": {"aws_vpc": {"x": {}}}}, "no resource type aws_vpc"),
        ({"data": {"aws_vpc": {"x": {}}}}, "no data source aws_vpc"),
        ({"resource": {"aws_lb": {"web": {"nmae": "x"}}}}, r"resource.aws_lb.web has no argument nmae"),
        (
            {"resource": {"aws_lb": {"web": {"access_logs": {"x": 1}}}}},
            r"resource.aws_lb.web.access_logs has no argument x",
        ),
        ({"resource": {"aws_lb": {"web": {"access_logs": "x"}}}}, "access_logs is a block"),
        ({"provider": {"google": {}}}, "no schema of provider google"),
        ({"module": {"x": {"source": "./x"}}}, "block of type module"),
        ({"output": {"x": {"vlaue": 1}}}, "output.x has no argument vlaue"),
        ({"locals": {"x": "${"}}, "isn't closed"),
    ],
)
def test_what_bascule_does_not_know_is_refused_by_name(configuration: dict[str, Any], what: str) -> None:
    """Nothing is guessed: an attribute taken for a block would be another configuration."""
    with pytest.raises(BasculeError, match=what):
        rendered(configuration)
