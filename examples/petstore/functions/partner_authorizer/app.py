"""Lets partners in who signed in at their own identity provider: an OpenID Connect issuer, whose tokens are validated
here.
"""

import json
import os
import urllib.request

import jwt

ISSUER = os.environ["ISSUER"]
AUDIENCE = os.environ["AUDIENCE"]


def discover(issuer):
    """The issuer's key set, where its discovery document says it is."""
    with urllib.request.urlopen(f"{issuer}/.well-known/openid-configuration", timeout=5) as answer:
        return jwt.PyJWKClient(json.load(answer)["jwks_uri"], cache_keys=True)


keys = discover(ISSUER)


def handler(event, context):
    """Validate the bearer token and say what its bearer may do."""
    token = event["authorizationToken"].removeprefix("Bearer ")
    try:
        claims = jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token).key,
            algorithms=["RS256"],
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
    except jwt.PyJWTError as error:
        print("refused:", type(error).__name__)
        # The one message that the gateway answers with 401.
        raise Exception("Unauthorized") from None
    api = event["methodArn"].split("/")[0]
    return {
        "principalId": claims["sub"],
        # Good for every method that partners may call: the gateway caches it for them all.
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{api}/*/GET/partners/pets"},
                {"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": f"{api}/*/GET/partners/reservations"},
            ],
        },
        "context": {"tenant": claims["cognito:username"]},
    }
