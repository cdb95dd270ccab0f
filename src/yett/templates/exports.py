"""Outputs that other stacks import, by the name they are exported under.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
"""

from collections.abc import Mapping
from typing import Any

from yett.ports.stack_store import StackRecord
from yett.templates.cloudformation import Scope, condition, resolve
from yett.templates.loading import Loaded
from yett.templates.site import Site


def read_exports(outputs: Mapping[str, Any], scope: Scope, loaded: Loaded) -> dict[str, str]:
    """What a stack exports: names with their values.

    Raises:
        TemplateRefused: Two outputs have the same name for others.
    """
    found: dict[str, str] = {}
    for name, output in outputs.items():
        if "Export" not in output or ("Condition" in output and not condition(output["Condition"], scope)):
            continue
        export = str(resolve(output["Export"].get("Name"), scope))
        if export in found:
            raise loaded.refuse(f"output `{name}`: `{export}` is exported twice", "Outputs", name, "Export")
        found[export] = str(resolve(output.get("Value"), scope))
    return found


async def check_exports(exports: Mapping[str, str], record: StackRecord, site: Site, loaded: Loaded) -> None:
    """Let no name be exported by two stacks, and none change or go that another stack has imported.

    Raises:
        TemplateRefused
    """
    if not exports and not record.exports:
        return
    changed = {name for name, value in record.exports.items() if exports.get(name) != value}
    for other in await site.stacks.all(site.account, site.region):
        if other.name == record.name:
            continue
        for name in exports:
            if name in other.exports:
                raise loaded.refuse(f"`{name}` is exported by stack `{other.name}` already", "Outputs")
        for name in sorted(changed.intersection(other.imports)):
            change = "changed" if name in exports else "deleted"
            raise loaded.refuse(f"the export `{name}` cannot be {change}: stack `{other.name}` imports it", "Outputs")


async def exports_of_others(name: str, site: Site) -> dict[str, str]:
    """What the other stacks of the account and Region export."""
    found: dict[str, str] = {}
    for stack in await site.stacks.all(site.account, site.region):
        if stack.name != name:
            found |= stack.exports
    return found
