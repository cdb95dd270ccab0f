"""What a Lambda authorizer is asked.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html
"""

import msgspec

from yett.rules.execute_api.call import Routed
from yett.rules.execute_api.mapping.request_context import describe_request_context
from yett.rules.execute_api.multivalue import header_maps, query_maps
from yett.values.identity import ANONYMOUS


def render_token_event(routed: Routed, token: str) -> bytes:
    """The JSON for a TOKEN authorizer. The token is the header's value as it stands; nothing is cut off."""
    return msgspec.json.encode({"type": "TOKEN", "methodArn": routed.question.arn, "authorizationToken": token})


def render_request_event(routed: Routed) -> bytes:
    """The JSON for a REQUEST authorizer. Empty maps are ``{}`` here, where a proxy event has null; there is no body."""
    request = routed.request
    headers, multi_value_headers = header_maps(request.headers)
    query, multi_value_query = query_maps(request.query)
    return msgspec.json.encode(
        {
            "type": "REQUEST",
            "methodArn": routed.question.arn,
            "resource": routed.method.resource_path,
            "path": routed.path,
            "httpMethod": request.method,
            "headers": headers,
            "multiValueHeaders": multi_value_headers,
            "queryStringParameters": query,
            "multiValueQueryStringParameters": multi_value_query,
            "pathParameters": routed.path_parameters,
            "stageVariables": routed.plan.variables,
            "requestContext": describe_request_context(routed, ANONYMOUS),
        }
    )
