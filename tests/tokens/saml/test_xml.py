import pytest
from hypothesis import given
from hypothesis import strategies as st

from yett.tokens import TokenFault, TokenRefused
from yett.tokens.saml.xml import elements, moment_of, named, only_child, read_xml, text_of

LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]><l>&c;</l>'


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"text",
        b"<a>",
        b"<a/><b/>",
        b"<a>&undefined;</a>",
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        b"<!DOCTYPE a><a/>",
        LAUGHS,
        "<a>ä</a>".encode("latin-1"),
        '<?xml version="1.0" encoding="UTF-16"?><a/>'.encode("utf-16"),
        b"\xef\xbb\xbf<a/>",
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>',
        b"<a>" * 300 + b"</a>" * 300,
    ],
)
def test_what_would_act_or_is_no_xml_is_refused(document: bytes) -> None:
    with pytest.raises(TokenRefused) as caught:
        read_xml(document, largest_bytes=10_000)
    assert caught.value.fault is TokenFault.ENCODING


def test_the_declared_encoding_does_not_count() -> None:
    root = read_xml('<?xml version="1.0" encoding="ISO-8859-1"?><a>ä</a>'.encode(), largest_bytes=100)
    assert root.text == "ä"


def test_a_large_document_is_refused_unread() -> None:
    with pytest.raises(TokenRefused) as caught:
        read_xml(b"<a/>   ", largest_bytes=6)
    assert caught.value.fault is TokenFault.TOO_LARGE


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (b"<a>text</a>", "text"),
        (b"<a></a>", ""),
        (b"<a>ad<!-- -->min</a>", None),
        (b"<a>ad<?p?>min</a>", None),
        (b"<a>ad<b/></a>", None),
        (b"<a>a<![CDATA[<b>]]>c</a>", "a<b>c"),
    ],
)
def test_a_text_is_whole_or_none(document: bytes, expected: str | None) -> None:
    assert text_of(read_xml(document, largest_bytes=100)) == expected


def test_only_elements_are_seen() -> None:
    root = read_xml(b"<a><!-- b --><?b?><b/><c><b/></c></a>", largest_bytes=100)
    assert [child.tag for child in elements(root)] == ["b", "c"]
    assert only_child(root, "b") is not None
    assert only_child(root, "d") is None
    assert len(list(named(root, "b"))) == 2
    twice = read_xml(b"<a><b/><b/></a>", largest_bytes=100)
    with pytest.raises(TokenRefused):
        only_child(twice, "b")


@pytest.mark.parametrize("text", ["", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05+01:00", "soonTZ", "Z"])
def test_a_moment_says_that_it_is_in_utc(text: str) -> None:
    with pytest.raises(TokenRefused):
        moment_of(read_xml(f'<a at="{text}"/>'.encode(), largest_bytes=100), "at")


@given(st.binary(max_size=60) | st.text("<>/!?&;[]-a=\"' x", max_size=60).map(str.encode))
def test_whatever_comes_is_read_or_refused(document: bytes) -> None:
    try:
        root = read_xml(document, largest_bytes=100)
    except TokenRefused:
        return
    assert b"<!DOCTYPE" not in document
    assert isinstance(root.tag, str)
