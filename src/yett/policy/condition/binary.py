"""The BinaryEquals operator: bytes, written in base64.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_BinaryEquals
"""

import binascii


def read_bytes(text: str) -> bytes | None:
    """The bytes that *text* encodes; None where it is no base64."""
    try:
        return binascii.a2b_base64(text.encode("ascii"), strict_mode=True) if text else b""
    except (UnicodeEncodeError, binascii.Error):
        return None
