"""XML from outside, read so that nothing in it can act: no document type, no entity, no other document.

Source: https://www.w3.org/TR/xml/, https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from lxml import etree

from yett.tokens.errors import TokenFault, TokenRefused

Element = etree._Element

ASSERTION: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}"
PROTOCOL: Final = "{urn:oasis:names:tc:SAML:2.0:protocol}"
METADATA: Final = "{urn:oasis:names:tc:SAML:2.0:metadata}"
SIGNATURE: Final = "{http://www.w3.org/2000/09/xmldsig#}"
ENCRYPTION: Final = "{http://www.w3.org/2001/04/xmlenc#}"
ENCRYPTION_11: Final = "{http://www.w3.org/2009/xmlenc11#}"

DOCTYPE: Final = b"<!DOCTYPE"
DECLARATION: Final = b"xmlns"
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def read_xml(document: bytes, *, largest_bytes: int, most_namespaces: int | None = None) -> Element:
    """The root of a document in UTF-8, whatever encoding it declares.

    *most_namespaces* bounds how many may be declared, for documents that are canonicalized before they are believed.
    Comments stay; `text_of` and `children` see to it that none hides anything.

    Raises:
        TokenRefused: It is no well-formed XML, is too large, or has a document type.
    """
    if len(document) > largest_bytes:
        raise TokenRefused(TokenFault.TOO_LARGE, f"the document has over {largest_bytes} bytes")
    if most_namespaces is not None and document.count(DECLARATION) > most_namespaces:
        raise TokenRefused(TokenFault.TOO_LARGE, f"the document declares over {most_namespaces} namespaces")
    try:
        document.decode()
    except UnicodeDecodeError as error:
        raise TokenRefused(TokenFault.ENCODING, "the document is not in UTF-8") from error
    # In UTF-8, which the parser is told to read, these very bytes are the only way to begin a document type.
    if DOCTYPE in document or document.startswith(BYTE_ORDER_MARK):
        raise TokenRefused(TokenFault.ENCODING, "the document has a document type or a byte order mark")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        collect_ids=False,
    )
    try:
        return etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise TokenRefused(TokenFault.ENCODING, "the document is no well-formed XML") from error


def elements(parent: Element) -> list[Element]:
    """The elements directly below, without comments and processing instructions."""
    return [child for child in parent if isinstance(child.tag, str)]


def children(parent: Element, tag: str) -> list[Element]:
    """The elements of this name directly below."""
    return [child for child in elements(parent) if child.tag == tag]


def only_child(parent: Element, tag: str) -> Element | None:
    """The one element of this name directly below, if there is any.

    Raises:
        TokenRefused: There are several.
    """
    found = children(parent, tag)
    if len(found) > 1:
        raise TokenRefused(TokenFault.CLAIM, f"there is more than one `{local_name(tag)}`")
    return found[0] if found else None


def text_of(element: Element) -> str | None:
    """The element's text; None if there is anything else in it, were it a comment that cuts the text in two."""
    return (element.text or "") if len(element) == 0 else None


def text_needed(element: Element) -> str:
    """The element's text.

    Raises:
        TokenRefused: It has none, or anything else beside it.
    """
    text = text_of(element)
    if not text:
        raise TokenRefused(TokenFault.CLAIM, f"`{local_name(str(element.tag))}` is no text")
    return text


def attribute_needed(element: Element, name: str) -> str:
    """The value of an attribute.

    Raises:
        TokenRefused: There is none, or it is empty.
    """
    value = element.get(name)
    if not value:
        raise TokenRefused(TokenFault.CLAIM, f"`{local_name(str(element.tag))}` has no `{name}`")
    return value


def moment_of(element: Element, name: str) -> datetime | None:
    """An attribute as a moment, if it is there; SAML's are in UTC, and say so.

    Raises:
        TokenRefused: It is no such moment.
    """
    value = element.get(name)
    if value is None:
        return None
    try:
        if not value.endswith("Z") or "T" not in value:
            raise ValueError("not in UTC")
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise TokenRefused(TokenFault.CLAIM, f"`{name}` is no moment in UTC") from error


def named(root: Element, *local_names: str) -> Iterator[Element]:
    """The elements of these names at whatever depth and in whatever namespace, the root included."""
    for element in root.iter(etree.Element):
        if local_name(str(element.tag)) in local_names:
            yield element


def local_name(tag: str) -> str:
    """A name without its namespace."""
    return tag.rpartition("}")[2]
