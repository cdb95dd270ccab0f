"""TLS of the listener that clients of APIs reach."""

import ssl

from yett.server.settings import TlsFiles
from yett.values.errors import Refusal


class BadCertificate(Refusal):
    """Certificate and key cannot be used; the reason says which, and why."""


def make_context(files: TlsFiles) -> ssl.SSLContext:
    """A context for a server: TLS 1.2 and 1.3, HTTP/1.1.

    Raises:
        BadCertificate: With the name of the file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # as API Gateway's newest security policies ask
    context.set_alpn_protocols(["http/1.1"])
    load(context, files)
    return context


def load(context: ssl.SSLContext, files: TlsFiles) -> None:
    """Read certificate and key (again); handshakes from now on show them. What was loaded stays if they are not good.

    Raises:
        BadCertificate: With the name of the file.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key, _no_password)
        context.load_cert_chain(files.certificate, files.key, _no_password)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadCertificate(f"`{files.certificate}` and `{files.key}` are no certificate and key: {reason}") from error


def _no_password() -> str:
    """OpenSSL would ask at the terminal for the password of an encrypted key."""
    raise ValueError("the key is encrypted")
