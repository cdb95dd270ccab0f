"""``X-HTTP-Method-Override``: the one place where a call's method may become another than it was sent with.

Routing, ARN, policies and backend all see the method that comes out of here; a signature alone is checked against the
method that was sent, which is what its signer wrote down.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
"""

from typing import Final

from msgspec import structs

from yett.values.http import HttpRequest

METHOD_OVERRIDE: Final = "x-http-method-override"


def override_method(request: HttpRequest) -> HttpRequest:
    """The request with the method that its override header names, to the letter; unchanged without one."""
    named = request.headers.by_name().get(METHOD_OVERRIDE)
    return request if not named or named == request.method else structs.replace(request, method=named)
