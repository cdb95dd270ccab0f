"""What a stack shows of itself: the template's outputs, and where its APIs answer on this machine."""

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from yett.templates.cloudformation import Scope, condition, resolve
from yett.templates.errors import TemplateRefused
from yett.templates.loading import Loaded

ENDPOINT: Final = re.compile(
    r"https://(?P<api>[a-z0-9]{10})\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(?P<rest>/.*)?"
)


class Output(Struct, frozen=True, kw_only=True):
    """One of the template's outputs."""

    name: str
    value: str
    description: str = ""
    local: str | None = None  # the same address on this machine, if it is an API's default endpoint


class DeployedStageAddress(Struct, frozen=True, kw_only=True):
    """A stage of an API that the stack has."""

    logical_id: str  # of the API
    api_id: str
    stage: str
    url: str  # by host name


def read_outputs(outputs: Mapping[str, Any], scope: Scope, loaded: Loaded, *, public_url: str) -> tuple[Output, ...]:
    """The template's outputs, those whose conditions hold.

    Raises:
        TemplateRefused: One refers to what is not there.
    """
    found = []
    for name, output in outputs.items():
        if "Condition" in output and not condition(output["Condition"], scope):
            continue
        try:
            value = str(resolve(output.get("Value"), scope))
        except TemplateRefused as error:
            raise loaded.refuse(f"output `{name}`: {error.message}", "Outputs", name, "Value", *error.way) from error
        local = local_url(value, public_url)
        found.append(Output(name=name, value=value, description=str(output.get("Description", "")), local=local))
    return tuple(found)


def local_url(value: str, public_url: str) -> str | None:
    """The address on this machine of an API's default endpoint; None if the text is no such address."""
    found = ENDPOINT.fullmatch(value)
    return None if found is None else host_url(public_url, found["api"], found["rest"] or "")


def host_url(public_url: str, api_id: str, path: str) -> str:
    """``http://abc123.execute-api.localhost:4566/prod``."""
    scheme, _, host = public_url.partition("://")
    return f"{scheme}://{api_id}.execute-api.{host}{path}"
