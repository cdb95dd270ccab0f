"""Encoded authorization messages: made when a caller is refused, decoded for whoever may know why.

They are given in an answer's `x-yett-authorization-message` (`control_plane/door.py`).
"""

import json
from datetime import datetime
from typing import Final

from yett.ports.bundle import Ports
from yett.rules.sts.authorization_message import FEWER_CONDITIONS, Denial, render_denial
from yett.rules.sts.limits import AUTHORIZATION_MESSAGE_LIFE
from yett.services.call import Call, ServiceError
from yett.services.sts.sessions import Answer, Params
from yett.values.timestamps import parse_iso, render_iso

INVALID: Final = "Message is not valid"  # UNCERTAIN: the text


def encode_denial(denial: Denial, ports: Ports, *, now: datetime) -> str | None:
    """The message of a denial, for the caller's account; None if even the least of it is too long."""
    for statements in (True, False):
        for conditions in FEWER_CONDITIONS:
            said = render_denial(denial, conditions=conditions, statements=statements)
            text = json.dumps({"at": render_iso(now), "message": said}, separators=(",", ":"))
            message = ports.authorization_messages.seal(text, account=denial.identity.account)
            if message is not None:
                return message
    return None


async def decode_authorization_message(call: Call, params: Params) -> Answer:
    """Decode a message of the caller's account.

    Raises:
        ServiceError: InvalidAuthorizationMessageException, for any other.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
    """
    text = call.ports.authorization_messages.open(params["EncodedMessage"], account=call.account)
    held = None if text is None else json.loads(text)
    if held is None or call.now - parse_iso(held["at"]) > AUTHORIZATION_MESSAGE_LIFE:
        raise ServiceError("InvalidAuthorizationMessageException", INVALID)
    return {"DecodedMessage": json.dumps(held["message"], separators=(",", ":"))}
