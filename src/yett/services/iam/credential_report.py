"""The credential report: asked for first, then fetched, as clients do at AWS.

It is made when it is fetched, so what it says is as new as the moment that it bears.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from yett.rules.iam.credential_report import render_report
from yett.rules.iam.limits import REPORT_LIFE
from yett.services.call import Call, ServiceError
from yett.services.iam.entities import Answer, Params


async def generate_credential_report(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """Ask for a report; one that was asked for within four hours is still there.

    OBSERVED: the description, in answers of the service.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateCredentialReport.html
    """
    asked_at = await call.ports.credential_store.find_report_request(call.account)
    if asked_at is not None and call.now - asked_at < REPORT_LIFE:
        return {"State": "COMPLETE"}
    await call.ports.credential_store.request_report(call.account, call.now)
    return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}


async def get_credential_report(call: Call, params: Params) -> Answer:  # noqa: ARG001
    """Fetch the report that was asked for. A key's last use may be a minute older than is true.

    Raises:
        ServiceError: ReportNotPresent, ReportExpired. UNCERTAIN: the texts.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetCredentialReport.html
    """
    store = call.ports.credential_store
    asked_at = await store.find_report_request(call.account)
    if asked_at is None:
        raise ServiceError("ReportNotPresent", "No report exists. Generate a new report.")
    if call.now - asked_at >= REPORT_LIFE:
        raise ServiceError("ReportExpired", "The most recent report has expired. Generate a new report.")
    users = await store.credentials_of_all(call.account, now=call.now)
    policy = await store.find_password_policy(call.account)
    return {
        "Content": render_report(users, policy).encode(),
        "ReportFormat": "text/csv",
        "GeneratedTime": call.now,
    }
