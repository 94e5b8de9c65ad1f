"""A configuration in Terraform's JSON syntax as canonical HCL, equal in meaning: what reviewers read.

JSON syntax writes attributes and nested blocks alike; the provider's schema (`bascule.schema`) and the forms below, for
Terraform's own blocks, say which is which. The order follows Terraform's style guide and, within it, the alphabet, so
that the order of keys in the JSON makes no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bascule import hcl, template
from bascule.errors import BasculeError
from bascule.schema import Block, Schema


@dataclass(frozen=True)
class Form:
    """What a block may hold: attributes by name (None: any) and nested blocks; and its number of labels."""

    attributes: frozenset[str] | None
    blocks: Mapping[str, Form] = field(default_factory=dict)
    labels: int = 0


def _form(*attributes: str, **blocks: Form) -> Form:
    return Form(frozenset(attributes), blocks)


_ANY = Form(None)
_ASSERTION = _form("condition", "error_message")
_LIFECYCLE = _form(
    "create_before_destroy",
    "ignore_changes",
    "prevent_destroy",
    "replace_triggered_by",
    precondition=_ASSERTION,
    postcondition=_ASSERTION,
)
_META = _form("count", "depends_on", "for_each", "provider", lifecycle=_LIFECYCLE)
# Terraform's own blocks in the order in which a file shows them. Source, read for Terraform 1.11:
# https://developer.hashicorp.com/terraform/language/block
_TERRAFORM_BLOCKS = {
    "terraform": _form(
        "required_version",
        backend=Form(None, labels=1),
        cloud=_form("hostname", "organization", "token", workspaces=_ANY),
        required_providers=_ANY,
    ),
    "provider": Form(frozenset({"alias", "version"}), labels=1),
    "variable": Form(
        frozenset({"default", "description", "ephemeral", "nullable", "sensitive", "type"}),
        {"validation": _ASSERTION},
        labels=1,
    ),
    "locals": _ANY,
    "data": Form(_META.attributes, _META.blocks, labels=2),
    "import": _form("for_each", "id", "provider", "to"),
    "resource": Form(_META.attributes, _META.blocks, labels=2),
    "moved": _form("from", "to"),
    "removed": _form("from", lifecycle=_form("destroy")),
    "check": Form(frozenset(), {"assert": _ASSERTION, "data": Form(_META.attributes, labels=2)}, labels=1),
    "output": Form(
        frozenset({"depends_on", "description", "ephemeral", "sensitive", "value"}),
        {"precondition": _ASSERTION},
        labels=1,
    ),
}
_FIRST = {"resource": ("count", "for_each", "provider"), "data": ("count", "for_each", "provider"), "import": ("to",)}


def main_tf(configuration: Mapping[str, Any], schema: Schema, *, header: Iterable[str] = ()) -> str:
    """Return the whole of a `cdk.tf.json` as one canonical `main.tf`, under `header` as comment lines.

    Raises BasculeError where a block type, resource type or argument is unknown to Terraform or the schema's extract.
    """
    unknown = sorted(set(configuration) - {*_TERRAFORM_BLOCKS, "//"})
    if unknown:
        raise BasculeError(f"bascule can't render a block of type {unknown[0]}", where="the synthesized configuration")
    imports: dict[str, list[hcl.Block]] = {}
    for _, body in _bodies(configuration.get("import"), 0, "import"):
        imports.setdefault(str(body.get("to")), []).append(_block("import", (), body, schema))
    blocks: list[hcl.Block] = []
    for block_type, form in _TERRAFORM_BLOCKS.items():
        if block_type == "import":
            continue
        found = _bodies(configuration.get(block_type), form.labels, block_type)
        for labels, body in sorted(found, key=lambda entry: entry[0]):
            if block_type == "resource":
                blocks += imports.pop(".".join(labels), [])
            blocks.append(_block(block_type, labels, body, schema))
        if block_type == "resource":
            blocks += [leftover for address in sorted(imports) for leftover in imports[address]]
    return hcl.dumps(blocks, header=header)


def _block(block_type: str, labels: tuple[str, ...], body: Mapping[str, Any], schema: Schema) -> hcl.Block:
    """Return one block of the root module, given its body in JSON syntax."""
    form = _with_schema(_TERRAFORM_BLOCKS[block_type], block_type, labels, schema)
    return hcl.Block(block_type, labels, _body(body, form, block_type, ".".join((block_type, *labels)), schema))


def _with_schema(form: Form, block_type: str, labels: tuple[str, ...], schema: Schema) -> Form:
    """Return a block's form with what the provider's schema says about it."""
    if block_type == "resource":
        return _merged(form, schema.resource(labels[0]))
    if block_type == "data":
        return _merged(form, schema.data_source(labels[0]))
    if block_type == "provider":
        if labels != ("aws",):
            raise BasculeError(f"bascule has no schema of provider {labels[0]}", where="the synthesized configuration")
        return _merged(form, schema.provider)
    return form


def _merged(form: Form, block: Block) -> Form:
    nested = {name: _merged(Form(frozenset()), found.block) for name, found in block.blocks.items()}
    return Form((form.attributes or frozenset()) | block.attributes.keys(), {**form.blocks, **nested}, form.labels)


def _bodies(value: Any, labels: int, where: str) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Return labels and body of each block that a value of JSON syntax stands for; it allows lists at every level."""
    for item in value if isinstance(value, list) else [] if value is None else [value]:
        if not isinstance(item, Mapping):
            raise BasculeError(f"{where} is a block, so it wants an object, not {item!r}")
        if labels == 0:
            yield (), item
            continue
        for label, inner in item.items():
            if label != "//":
                for rest, body in _bodies(inner, labels - 1, f"{where}.{label}"):
                    yield (label, *rest), body


def _body(values: Mapping[str, Any], form: Form, path: str, where: str, schema: Schema) -> tuple[Any, ...]:
    """Return a body: meta-arguments that come first, attributes, nested blocks, `lifecycle`, `depends_on`."""
    attributes: dict[str, hcl.Attribute] = {}
    blocks: list[hcl.Block] = []
    for name in sorted(values, key=lambda name: (name == "lifecycle", name)):
        if _left_out(name, values[name], form, path):
            continue
        if name in form.blocks:
            for labels, body in _bodies(values[name], form.blocks[name].labels, f"{where}.{name}"):
                inner = form.blocks[name]
                if (path, name) == ("check", "data"):
                    inner = _with_schema(inner, name, labels, schema)
                blocks.append(hcl.Block(name, labels, _body(body, inner, f"{path}.{name}", f"{where}.{name}", schema)))
        elif form.attributes is None or name in form.attributes:
            attributes[name] = hcl.Attribute(name, _value(values[name], path, name))
        else:
            raise BasculeError(
                f"{where} has no argument {name} that Terraform or provider aws {schema.provider_version} knows",
                where="the synthesized configuration",
                remedy="correct the name, or write the schema's extract anew: python -m bascule.schema",
            )
    first = [attributes.pop(name) for name in _FIRST.get(path, ()) if name in attributes]
    last = [attributes.pop(name) for name in ("depends_on",) if name in attributes]
    gap = [hcl.Gap()]
    return (*first, *(gap if first and path != "import" else []), *attributes.values(), *blocks, *gap, *last)


def _left_out(name: str, value: Any, form: Form, path: str) -> bool:
    """Whether an argument says nothing: a comment, no block, or null, save where what is null exists all the same."""
    exists = name not in form.blocks and path in ("locals", "variable", "output")
    return name == "//" or (value is None and not exists)


def _value(value: Any, path: str, name: str) -> hcl.Value:
    """Return an attribute's value as HCL wants it: a reference bare, text that Terraform doesn't evaluate escaped."""
    if name in hcl.REFERENCES.get(path, ()):
        references = [
            hcl.Bare(template.canonical(str(item))) for item in (value if isinstance(value, list) else [value])
        ]
        return references if isinstance(value, list) else references[0]
    evaluated = not (path.split(".")[0] == "terraform" or (name == "description" and path in ("variable", "output")))
    return _sorted(value, evaluated)


def _sorted(value: Any, evaluated: bool) -> hcl.Value:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key], evaluated) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item, evaluated) for item in value]
    return template.escape(value) if isinstance(value, str) and not evaluated else value
