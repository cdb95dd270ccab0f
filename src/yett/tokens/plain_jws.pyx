# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
# cython: embedsignature=True, binding=False
"""A compact JWS taken apart in one pass: the compiled twin of ``tokens/jws.py``.

What is not three parts of canonical base64url, or is larger than most tokens are, gets None, and ``read_jws`` decides.
Where this answers, it answers the same; ``tests/tokens/test_plain_jws.py`` holds it to it.

Source: https://www.rfc-editor.org/rfc/rfc7515#section-7.1
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.object cimport PyObject
from libc.string cimport memchr

from yett.values.ascii_text cimport (
    PyUnicode_1BYTE_DATA, PyUnicode_CheckExact, PyUnicode_GET_LENGTH, PyUnicode_IS_COMPACT_ASCII, byte, make_text,
)

cdef enum:
    # Bounds of what is plain; what is larger is read in Python, up to the bounds of `tokens/limits.py`.
    MAX_TOKEN = 16384
    MAX_HEADER = 1024
    NO_LETTER = 255

cdef byte values[256]  # of base64url's letters


cdef void _fill_table() noexcept:
    cdef int each
    for each in range(256):
        values[each] = NO_LETTER
    for each in range(64):
        values[(<const byte*>b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")[each]] = each


_fill_table()


def take_apart(token):
    """A token's header as it is written, what its signature covers, and the bytes of payload and signature; or None."""
    if not PyUnicode_CheckExact(<PyObject*>token) or not PyUnicode_IS_COMPACT_ASCII(<PyObject*>token):
        return None
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(<PyObject*>token)
    if size > MAX_TOKEN:
        return None
    cdef const byte* data = PyUnicode_1BYTE_DATA(<PyObject*>token)
    cdef const byte* end = data + size
    cdef const byte* first = <const byte*>memchr(data, 46, size)  # "."
    if first is NULL or first - data > MAX_HEADER:
        return None
    cdef const byte* second = <const byte*>memchr(first + 1, 46, end - first - 1)
    if second is NULL or memchr(second + 1, 46, end - second - 1) is not NULL:
        return None
    payload = _decode(first + 1, second - first - 1)
    if payload is None:
        return None
    signature = _decode(second + 1, end - second - 1)
    if signature is None:
        return None
    return make_text(data, first - data), PyBytes_FromStringAndSize(<const char*>data, second - data), payload, signature


cdef bytes _decode(const byte* at, Py_ssize_t size):
    """The bytes of unpadded base64url; None unless it is the one way to write them."""
    cdef Py_ssize_t over = size & 3
    if over == 1:
        return None
    cdef bytes made = PyBytes_FromStringAndSize(NULL, size // 4 * 3 + (over * 3) // 4)
    cdef byte* out = <byte*>PyBytes_AS_STRING(made)
    cdef const byte* last = at + (size - over)
    cdef byte a, b, c = 0, d
    while at < last:
        a, b, c, d = values[at[0]], values[at[1]], values[at[2]], values[at[3]]
        if (a | b | c | d) & 0xC0:
            return None
        out[0] = <byte>(a << 2 | b >> 4)
        out[1] = <byte>(b << 4 | c >> 2)
        out[2] = <byte>(c << 6 | d)
        at += 4
        out += 3
    if over:
        a, b = values[at[0]], values[at[1]]
        if over == 3:
            c = values[at[2]]
            if (a | b | c) & 0xC0 or c & 3:
                return None
            out[1] = <byte>(b << 4 | c >> 2)
        elif (a | b) & 0xC0 or b & 15:
            return None
        out[0] = <byte>(a << 2 | b >> 4)
    return made
