"""Integrations and their responses.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html
"""

from collections.abc import Mapping

import msgspec

from yett.rules.apigateway import patch
from yett.rules.apigateway.errors import NotOffered
from yett.rules.apigateway.integration import parse_integration, parse_integration_response
from yett.rules.apigateway.rest_api import Integration, IntegrationResponse, RestApi
from yett.rules.execute_api.deployment import IntegrationType
from yett.services.apigateway.editing import (
    Answer,
    Params,
    edit_api,
    get_api,
    get_method,
    get_resource,
    patch_operations,
    with_method,
)
from yett.services.apigateway.errors import NO_INTEGRATION, NO_RESOURCE, NO_RESPONSE
from yett.services.call import Call


def get_integration(api: RestApi, params: Params) -> Integration:
    """The integration of the method that the parameters name."""
    integration = get_method(api, params).method_integration
    if integration is None:
        raise NO_INTEGRATION
    return integration


def with_integration(api: RestApi, params: Params, integration: Integration | None) -> RestApi:
    """The API with this integration for the method."""
    method = msgspec.structs.replace(get_method(api, params), method_integration=integration)
    return with_method(api, get_resource(api, params), method)


async def put_integration(call: Call, params: Params) -> Answer:
    """Give a method its backend; one that it has is replaced, its responses are kept.

    Raises:
        BadRequestException: A type that is not offered, or an address that does not fit its type.
        NotFoundException: There is no such API, resource or method.
    """

    def change(api: RestApi) -> RestApi:
        old = get_method(api, params).method_integration
        integration = parse_integration(
            {name: value for name, value in params.items() if name != "httpMethod"}, resource_id=params["resourceId"]
        )
        rows = {} if old is None else old.integration_responses
        return with_integration(api, params, with_rows(integration, rows))

    return get_integration(await edit_api(call, params["restApiId"], change, missing=NO_RESOURCE), params).describe()


def with_rows(integration: Integration, rows: Mapping[str, IntegrationResponse]) -> Integration:
    """The integration with these responses, parsed again: what a proxy never looks at, a MOCK does."""
    mock = integration.type == IntegrationType.MOCK
    kept = {status: parse_integration_response(status, row.describe(), mock=mock) for status, row in rows.items()}
    return msgspec.structs.replace(integration, integration_responses=kept)


async def get_integration_(call: Call, params: Params) -> Answer:
    """A method's integration."""
    return get_integration(await get_api(call, params["restApiId"]), params).describe()


async def update_integration(call: Call, params: Params) -> Answer:
    """Patch an integration."""
    operations = patch_operations(params)

    def change(api: RestApi) -> RestApi:
        old = get_integration(api, params)
        document = patch.patch(old.describe(), operations, patch.INTEGRATION)
        integration = parse_integration(document, resource_id=params["resourceId"])
        return with_integration(api, params, with_rows(integration, old.integration_responses))

    return get_integration(await edit_api(call, params["restApiId"], change), params).describe()


async def delete_integration(call: Call, params: Params) -> Answer:
    """Take a method's backend away. The API cannot be deployed until it has another."""

    def change(api: RestApi) -> RestApi:
        get_integration(api, params)
        return with_integration(api, params, None)

    await edit_api(call, params["restApiId"], change)
    return {}


# -- integration responses


def get_row(integration: Integration, params: Params) -> IntegrationResponse:
    """The response of the integration that ``statusCode`` names."""
    row = integration.integration_responses.get(str(params["statusCode"]))
    if row is None:
        raise NO_RESPONSE
    return row


def with_row(api: RestApi, params: Params, members: Params) -> RestApi:
    """The API with this response in the place of the integration's of its status."""
    integration = get_integration(api, params)
    mock = integration.type == IntegrationType.MOCK
    row = parse_integration_response(str(params["statusCode"]), members, mock=mock)
    if row.selection_pattern is None and any(
        other.selection_pattern is None and status != row.status_code
        for status, other in integration.integration_responses.items()
    ):
        raise NotOffered("two integration responses without a selection pattern", where=row.status_code)
    rows = {**integration.integration_responses, row.status_code: row}
    return with_integration(api, params, msgspec.structs.replace(integration, integration_responses=rows))


async def put_integration_response(call: Call, params: Params) -> Answer:
    """Say how one kind of backend answer becomes a method response."""
    api = await edit_api(call, params["restApiId"], lambda api: with_row(api, params, params), missing=NO_RESOURCE)
    return get_row(get_integration(api, params), params).describe()


async def get_integration_response(call: Call, params: Params) -> Answer:
    """An integration response."""
    return get_row(get_integration(await get_api(call, params["restApiId"]), params), params).describe()


async def update_integration_response(call: Call, params: Params) -> Answer:
    """Patch an integration response."""
    operations = patch_operations(params)

    def change(api: RestApi) -> RestApi:
        row = get_row(get_integration(api, params), params)
        return with_row(api, params, patch.patch(row.describe(), operations, patch.INTEGRATION_RESPONSE))

    return get_row(get_integration(await edit_api(call, params["restApiId"], change), params), params).describe()


async def delete_integration_response(call: Call, params: Params) -> Answer:
    """Delete an integration response."""

    def change(api: RestApi) -> RestApi:
        integration = get_integration(api, params)
        lost = get_row(integration, params).status_code
        rows = {status: one for status, one in integration.integration_responses.items() if status != lost}
        return with_integration(api, params, msgspec.structs.replace(integration, integration_responses=rows))

    await edit_api(call, params["restApiId"], change)
    return {}
