"""The one refusal of the policy language: a text that is no policy."""

from enum import StrEnum

from yett.values.errors import Refusal


class Fault(StrEnum):
    """What is wrong with a document, for programs that read our findings. The names are ours."""

    TOO_LARGE = "TOO_LARGE"
    INVALID_JSON = "INVALID_JSON"
    DUPLICATE_MEMBER = "DUPLICATE_MEMBER"
    CHARACTERS = "CHARACTERS"
    TYPE = "TYPE"
    UNKNOWN_ELEMENT = "UNKNOWN_ELEMENT"
    VERSION = "VERSION"
    ID = "ID"
    STATEMENT = "STATEMENT"
    SID = "SID"
    DUPLICATE_SID = "DUPLICATE_SID"
    EFFECT = "EFFECT"
    PRINCIPAL = "PRINCIPAL"
    MISSING_PRINCIPAL = "MISSING_PRINCIPAL"
    PROHIBITED_PRINCIPAL = "PROHIBITED_PRINCIPAL"
    ACTION = "ACTION"
    MISSING_ACTION = "MISSING_ACTION"
    RESOURCE = "RESOURCE"
    MISSING_RESOURCE = "MISSING_RESOURCE"
    PROHIBITED_RESOURCE = "PROHIBITED_RESOURCE"
    BOTH_OF_A_PAIR = "BOTH_OF_A_PAIR"
    CONDITION = "CONDITION"
    CONDITION_OPERATOR = "CONDITION_OPERATOR"
    CONDITION_VALUE = "CONDITION_VALUE"


class MalformedPolicyDocument(Refusal):
    """The text is no policy of its kind.

    ``reason`` is AWS's own text for it, ``detail`` ours, ``path`` the JSON pointer of the fault ("" = the whole).
    """

    def __init__(self, reason: str, *, fault: Fault, detail: str, path: str) -> None:
        super().__init__(reason)
        self.fault = fault
        self.detail = detail
        self.path = path
