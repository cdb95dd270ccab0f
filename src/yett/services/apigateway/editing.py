"""What the operations on parts of an API share: find it, change it whole, page through lists, draw identifiers."""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from yett.ports.randomness import LOWER_ALPHANUMERIC
from yett.rules.apigateway.errors import ApiRefused, BadRequest
from yett.rules.apigateway.patch import PatchOperation, parse_operations
from yett.rules.apigateway.rest_api import Method, Resource, RestApi
from yett.services.apigateway.errors import NO_METHOD, NO_RESOURCE, no_api
from yett.services.apigateway.passed_roles import check_passed_roles
from yett.services.apigateway.policy_changes import check_policy_change
from yett.services.call import Call

Params = Mapping[str, Any]
Answer = Mapping[str, object]

API_ID_CHARACTERS: Final = 10
PART_ID_CHARACTERS: Final = 6
DEFAULT_ITEMS: Final = 25  # https://docs.aws.amazon.com/apigateway/latest/api/API_GetRestApis.html
MOST_ITEMS: Final = 500


def part_ids(call: Call) -> Iterator[str]:
    """Fresh identifiers of resources, authorizers, models and deployments, as many as are asked for."""
    while True:
        yield call.ports.randomness.text(LOWER_ALPHANUMERIC, PART_ID_CHARACTERS)


async def get_api(call: Call, api_id: str, *, missing: ApiRefused | None = None) -> RestApi:
    """The caller's API of this id, or the refusal that says it is missing."""
    api = await call.ports.api_store.find_api(call.account, call.region, api_id)
    if api is None:
        raise missing or no_api(call, api_id)
    return api


async def edit_api(
    call: Call, api_id: str, change: Callable[[RestApi], RestApi], *, missing: ApiRefused | None = None
) -> RestApi:
    """Replace the API by what *change*, a pure function, makes of it.

    Its new roles must be the caller's to pass, its new policy the caller's to set.
    """

    def checked(api: RestApi) -> RestApi:
        changed = change(api)
        check_passed_roles(call, before=api, after=changed)
        check_policy_change(call, before=api, after=changed)
        return changed

    changed = await call.ports.api_store.change_api(call.account, call.region, api_id, checked)
    if changed is None:
        raise missing or no_api(call, api_id)
    return changed


def get_resource(api: RestApi, params: Params) -> Resource:
    """The resource that ``resourceId`` names."""
    resource = api.resources.get(params["resourceId"])
    if resource is None:
        raise NO_RESOURCE
    return resource


def get_method(api: RestApi, params: Params) -> Method:
    """The method that ``resourceId`` and ``httpMethod`` name."""
    method = get_resource(api, params).resource_methods.get(str(params["httpMethod"]))
    if method is None:
        raise NO_METHOD
    return method


def with_resource(api: RestApi, resource: Resource) -> RestApi:
    """The API with this resource in the place of the one of its id."""
    return msgspec.structs.replace(api, resources={**api.resources, resource.id: resource})


def with_method(api: RestApi, resource: Resource, method: Method) -> RestApi:
    """The API with this method in the place of the resource's of its verb."""
    methods = {**resource.resource_methods, method.http_method: method}
    return with_resource(api, msgspec.structs.replace(resource, resource_methods=methods))


def patch_operations(params: Params) -> tuple[PatchOperation, ...]:
    """The request's ``patchOperations``."""
    return parse_operations(params.get("patchOperations") or ())


def page(items: Sequence[tuple[str, dict[str, Any]]], params: Params) -> dict[str, Any]:
    """One page of items, which come sorted by their keys: ``items``, and ``position`` if there are more."""
    limit, after = page_bounds(params)
    rest = [item for item in items if item[0] > after]
    answer: dict[str, Any] = {"items": [described for _, described in rest[:limit]]}
    if len(rest) > limit:
        answer["position"] = encode_position(rest[limit - 1][0])
    return answer


def page_bounds(params: Params) -> tuple[int, str]:
    """How many items are asked for, and the key after which they come."""
    limit = params.get("limit")
    count = DEFAULT_ITEMS if limit is None else int(limit)
    if not 0 < count <= MOST_ITEMS:
        raise BadRequest(f"Invalid limit parameter. Limit cannot exceed {MOST_ITEMS}.")
    position = params.get("position")
    if not position:
        return count, ""
    try:
        return count, base64.urlsafe_b64decode(str(position)).decode()
    except (binascii.Error, ValueError) as error:
        raise BadRequest("Invalid position parameter specified") from error


def encode_position(key: str) -> str:
    """The token that continues after this key."""
    return base64.urlsafe_b64encode(key.encode()).decode()
