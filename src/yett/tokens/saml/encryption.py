"""Encrypted assertions: opened with a private key that the identity provider has encrypted for.

Nothing is authentic because it was encrypted. Whoever calls verifies a signature before anything that was opened is
read, and tells nobody how far opening came: AES-CBC would give its content away to whoever learns that.

Source: https://www.w3.org/TR/xmlenc-core1/
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Final

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

from yett.tokens.errors import TokenFault, TokenRefused
from yett.tokens.limits import SAML_RSA_BITS
from yett.tokens.saml.xml import (
    ENCRYPTION,
    ENCRYPTION_11,
    SIGNATURE,
    Element,
    children,
    elements,
    named,
    only_child,
    text_needed,
)

XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
XENC_11: Final = "http://www.w3.org/2009/xmlenc11#"
IV_BYTES: Final = 16
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16


class BlockCipher(Struct, frozen=True):
    """How content is encrypted."""

    key_bytes: int
    is_gcm: bool


# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html (AddPrivateKey): AES-GCM or AES-CBC
CIPHERS: Final[Mapping[str, BlockCipher]] = {
    f"{XENC}aes128-cbc": BlockCipher(16, is_gcm=False),
    f"{XENC}aes192-cbc": BlockCipher(24, is_gcm=False),
    f"{XENC}aes256-cbc": BlockCipher(32, is_gcm=False),
    f"{XENC_11}aes128-gcm": BlockCipher(16, is_gcm=True),
    f"{XENC_11}aes192-gcm": BlockCipher(24, is_gcm=True),
    f"{XENC_11}aes256-gcm": BlockCipher(32, is_gcm=True),
}
# RSA 1.5 is not taken: its padding tells whoever may ask often enough what was encrypted.
OAEP_MGF1: Final = f"{XENC}rsa-oaep-mgf1p"
OAEP: Final = f"{XENC_11}rsa-oaep"
DIGESTS: Final[Mapping[str | None, HashAlgorithm]] = {
    None: SHA1(),  # noqa: S303  # what both transports have where nothing is said; as strong as ever in OAEP
    "http://www.w3.org/2000/09/xmldsig#sha1": SHA1(),  # noqa: S303
    f"{XENC}sha256": SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#sha384": SHA384(),
    f"{XENC}sha512": SHA512(),
}
MASKS: Final[Mapping[str | None, HashAlgorithm]] = {
    None: SHA1(),  # noqa: S303
    f"{XENC_11}mgf1sha1": SHA1(),  # noqa: S303
    f"{XENC_11}mgf1sha256": SHA256(),
    f"{XENC_11}mgf1sha384": SHA384(),
    f"{XENC_11}mgf1sha512": SHA512(),
}


def read_private_key(pem: str) -> rsa.RSAPrivateKey:
    """A private key that assertions may be encrypted for.

    Raises:
        TokenRefused: It is none, has a passphrase, or is of another kind or size.
    """
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise TokenRefused(TokenFault.KEY, "this is no private key, or one with a passphrase") from error
    low, high = SAML_RSA_BITS
    if not isinstance(key, rsa.RSAPrivateKey) or not low <= key.key_size <= high:
        raise TokenRefused(TokenFault.KEY, "the private key is of a kind or size that is not taken")
    return key


def decrypt_element(encrypted: Element, private_keys: Iterable[rsa.RSAPrivateKey]) -> bytes:
    """What an element with one EncryptedData holds, opened with whichever key fits.

    Raises:
        TokenRefused: It is not of this form, or no key opens it.
    """
    data = only_child(encrypted, f"{ENCRYPTION}EncryptedData")
    keys = list(named(encrypted, "EncryptedKey"))
    if data is None or len(keys) != 1 or keys[0].tag != f"{ENCRYPTION}EncryptedKey":
        raise shut()
    cipher = CIPHERS.get(algorithm_of(data) or "")
    if cipher is None:
        raise TokenRefused(TokenFault.ALGORITHM, "the encryption's algorithm is not one that is taken here")
    scheme = oaep_of(keys[0])
    wrapped, content = cipher_value(keys[0]), cipher_value(data)
    for private_key in private_keys:
        try:
            key = private_key.decrypt(wrapped, scheme)
        except ValueError:
            continue
        if len(key) == cipher.key_bytes:
            return open_content(content, key, cipher)
    raise shut()


def algorithm_of(encrypted: Element) -> str | None:
    """The algorithm that EncryptedData or EncryptedKey names."""
    method = only_child(encrypted, f"{ENCRYPTION}EncryptionMethod")
    return None if method is None else method.get("Algorithm")


def oaep_of(key: Element) -> padding.OAEP:
    """The padding under which the content's key was encrypted.

    Raises:
        TokenRefused: Another than OAEP, or one with a label.
    """
    method = only_child(key, f"{ENCRYPTION}EncryptionMethod")
    if method is None or method.get("Algorithm") not in {OAEP_MGF1, OAEP}:
        raise TokenRefused(TokenFault.ALGORITHM, "the key's encryption is not one that is taken here")
    digest, mask = (only_child(method, tag) for tag in (f"{SIGNATURE}DigestMethod", f"{ENCRYPTION_11}MGF"))
    known = [each for each in (digest, mask) if each is not None]
    if len(elements(method)) != len(known) or (mask is not None and method.get("Algorithm") == OAEP_MGF1):
        raise TokenRefused(TokenFault.ALGORITHM, "the key's encryption has parameters that are not taken here")
    hash_algorithm = DIGESTS.get(None if digest is None else digest.get("Algorithm", ""))
    mask_algorithm = MASKS.get(None if mask is None else mask.get("Algorithm", ""))
    if hash_algorithm is None or mask_algorithm is None:
        raise TokenRefused(TokenFault.ALGORITHM, "the key's encryption has a digest that is not taken here")
    return padding.OAEP(padding.MGF1(mask_algorithm), hash_algorithm, None)


def cipher_value(encrypted: Element) -> bytes:
    """The bytes of an EncryptedData or EncryptedKey, which are in it; what lies elsewhere is not fetched.

    Raises:
        TokenRefused
    """
    data = only_child(encrypted, f"{ENCRYPTION}CipherData")
    values = [] if data is None else children(data, f"{ENCRYPTION}CipherValue")
    if data is None or len(values) != 1 or len(elements(data)) != 1:
        raise shut()
    try:
        return base64.b64decode("".join(text_needed(values[0]).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise shut() from error


def open_content(content: bytes, key: bytes, cipher: BlockCipher) -> bytes:
    """Decrypt content.

    Raises:
        TokenRefused

    Source: https://www.w3.org/TR/xmlenc-core1/#sec-Algs (5.2)
    """
    if cipher.is_gcm:
        if len(content) < NONCE_BYTES + TAG_BYTES:
            raise shut()
        try:
            return AESGCM(key).decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], None)
        except InvalidTag as error:
            raise shut() from error
    if len(content) < 2 * IV_BYTES or len(content) % IV_BYTES:
        raise shut()
    decryptor = Cipher(algorithms.AES(key), modes.CBC(content[:IV_BYTES])).decryptor()
    padded = decryptor.update(content[IV_BYTES:]) + decryptor.finalize()
    if not 1 <= padded[-1] <= IV_BYTES:
        raise shut()
    return padded[: -padded[-1]]


def shut() -> TokenRefused:
    """It does not open. Why, nobody learns: the fault is that of a signature that is not good."""
    return TokenRefused(TokenFault.SIGNATURE, "the encrypted assertion does not open")
