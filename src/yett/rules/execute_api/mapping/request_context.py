"""``requestContext`` of the events that functions get, as proxy and as authorizer."""

from yett.rules.execute_api.call import Routed
from yett.rules.execute_api.mapping.context import (
    describe_identity,
    domain_name,
    render_clf,
    request_path,
)
from yett.rules.execute_api.request_ids import extended_request_id
from yett.values.identity import Identity


def describe_request_context(routed: Routed, identity: Identity) -> dict[str, object]:
    """All members but ``authorizer``."""
    plan, facts = routed.plan, routed.question.facts
    return {
        "resourceId": routed.method.resource_id,
        "resourcePath": routed.method.resource_path,
        "httpMethod": routed.request.method,
        "extendedRequestId": extended_request_id(facts.request_id),
        "requestTime": render_clf(facts.received_at),
        "path": request_path(routed),
        "accountId": plan.account,
        "protocol": routed.request.protocol,
        "stage": plan.stage,
        "domainPrefix": routed.request.host.partition(".")[0],
        "requestTimeEpoch": int(facts.received_at.timestamp() * 1000),
        "requestId": facts.request_id,
        "identity": describe_identity(routed, identity),
        "domainName": domain_name(routed),
        "deploymentId": plan.deployment_id,
        "apiId": plan.api_id,
    }
