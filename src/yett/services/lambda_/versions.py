"""Published versions of functions.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
"""

from collections.abc import Mapping

from yett.rules.lambda_.limits import LIST_ITEMS
from yett.services.call import Call
from yett.services.lambda_.configuration import describe, get_own, refuse_unoffered
from yett.services.lambda_.errors import InvalidParameterValue
from yett.services.lambda_.functions import check_revision, number, publish


async def publish_version(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """Keep $LATEST as the next version. If nothing has changed since the last one, that one is the answer.

    Raises:
        InvalidParameterValue: ``CodeSha256`` is not $LATEST's.
        PreconditionFailed: ``RevisionId`` is not.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
    """
    record = await get_own(call, params)
    check_revision(record, params)
    refuse_unoffered(params)
    expected = params.get("CodeSha256")
    if expected and expected != record.code_sha256:
        raise InvalidParameterValue(
            f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST ({record.code_sha256}). "
            "Please try again with the CodeSHA256 in $LATEST."
        )
    return describe(await publish(call, record, description=str(params.get("Description") or "")))


async def list_versions_by_function(call: Call, params: Mapping[str, object]) -> Mapping[str, object]:
    """$LATEST, then the function's versions by number, at most 50 at a time.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_ListVersionsByFunction.html
    """
    record = await get_own(call, params)
    limit = min(number(params.get("MaxItems"), LIST_ITEMS), LIST_ITEMS)
    marker = str(params.get("Marker") or "")
    if marker and not marker.isdecimal():
        raise InvalidParameterValue("Invalid marker")
    after = int(marker or 0)
    page = list(
        await call.ports.function_store.list_versions(
            record.account, record.region, record.name, after=after, limit=limit + 1
        )
    )
    if not marker:
        page.insert(0, record)
    found: dict[str, object] = {
        "Versions": [describe(each, arn=f"{record.arn}:{each.version}") for each in page[:limit]]
    }
    if len(page) > limit:
        last = page[limit - 1].version
        found["NextMarker"] = last if last.isdecimal() else "0"
    return found
