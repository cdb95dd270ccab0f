"""The settings of an API as a whole.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRestApi.html
"""

from collections.abc import Mapping
from typing import Any, Final

from yett.rules.apigateway.errors import BadRequest, NotOffered
from yett.rules.apigateway.resource_policy import parse_resource_policy
from yett.rules.apigateway.rest_api import EndpointConfiguration
from yett.rules.execute_api.deployment import EndpointType

API_KEY_SOURCES: Final = ("HEADER", "AUTHORIZER")
COMPRESSION_BYTES: Final = range(10_485_761)
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-ip-address-type.html
DEFAULT_IP_ADDRESS_TYPE: Final = {EndpointType.PRIVATE: "dualstack"}
NOT_OFFERED: Final = {
    "cloneFrom": "copies of other APIs",
    "securityPolicy": "TLS security policies",
    "endpointAccessMode": "endpoint access modes",
}


def parse_settings(params: Mapping[str, Any]) -> dict[str, Any]:
    """The settings among the members of CreateRestApi, by the names of `RestApi`.

    Raises:
        BadRequest: A value that none may have.
        NotOffered: VPC endpoints, TLS policies, copies.
    """
    for member, feature in NOT_OFFERED.items():
        if params.get(member):
            raise NotOffered(feature, where=member)
    if not params.get("name"):
        raise BadRequest("Rest API name must be specified")
    source = params.get("apiKeySource") or API_KEY_SOURCES[0]
    if source not in API_KEY_SOURCES:
        raise BadRequest("Invalid API key source specified")
    compression = params.get("minimumCompressionSize")
    if compression is not None and compression not in COMPRESSION_BYTES:
        raise BadRequest(
            "Invalid minimum compression size, must be between 0 (inclusive) and 10485760 (inclusive), or null"
        )
    return {
        "name": params["name"],
        "description": params.get("description") or None,
        "version": params.get("version") or None,
        "binary_media_types": tuple(params.get("binaryMediaTypes") or ()),
        "minimum_compression_size": compression,
        "api_key_source": source,
        "endpoint_configuration": parse_endpoint(params.get("endpointConfiguration") or {}),
        "disable_execute_api_endpoint": bool(params.get("disableExecuteApiEndpoint")),
    }


def parse_endpoint(configuration: Mapping[str, Any]) -> EndpointConfiguration:
    """Where the API is reachable from: EDGE unless it says otherwise."""
    if configuration.get("vpcEndpointIds"):
        raise NotOffered("VPC endpoints of private APIs", where="endpointConfiguration/vpcEndpointIds")
    types = configuration.get("types") or [EndpointType.EDGE.value]
    if len(types) != 1 or types[0] not in set(EndpointType):
        raise BadRequest("Invalid endpoint type specified. Valid options are EDGE, REGIONAL, PRIVATE")
    kind = EndpointType(types[0])
    address_type = configuration.get("ipAddressType") or DEFAULT_IP_ADDRESS_TYPE.get(kind, "ipv4")
    return EndpointConfiguration(types=(kind.value,), ip_address_type=address_type)


def parse_policy_member(policy: str | None, *, partition: str, region: str, account: str, api_id: str) -> str | None:
    """The ``policy`` member; absent or empty is none."""
    if not policy:
        return None
    return parse_resource_policy(policy, partition=partition, region=region, account=account, api_id=api_id)
