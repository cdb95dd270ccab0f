"""Addresses on this machine."""

from yett.templates.outputs import local_url


def test_only_a_default_endpoint_has_a_local_form() -> None:
    public = "http://localhost:4566"
    assert local_url("https://abcdefghij.execute-api.eu-west-1.amazonaws.com/x/y", public) == (
        "http://abcdefghij.execute-api.localhost:4566/x/y"
    )
    assert local_url("https://example.com/x", public) is None
