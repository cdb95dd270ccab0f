# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
# cython: embedsignature=True, binding=False
"""What a plain request presents, and what it was to sign, in one pass: the compiled twin of ``authorization.py`` and
``canonical_request.py``.

Plain is a request whose Authorization header says what another has said before, and in which nothing has to be decoded,
encoded, joined or trimmed: its path is of unreserved characters, its query of them and of escapes that AWS would write
the same, and each signed header is one line of ASCII. To anything else the answer is None, and the definition decides.
``tests/sigv4/test_plain_requests.py`` holds the two together.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from hashlib import sha256

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItem
from cpython.object cimport PyObject
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.string cimport memchr, memcmp, memcpy

from yett.values.ascii_text cimport (
    PyUnicode_1BYTE_DATA, PyUnicode_CheckExact, PyUnicode_GET_LENGTH, PyUnicode_IS_COMPACT_ASCII, byte, make_text,
)

cdef extern from "Python.h":
    unicode PyUnicode_Substring(object text, Py_ssize_t start, Py_ssize_t end)

cdef enum:
    # Bounds of what is plain; longer requests are written by the definition, up to the bounds of `limits.py`.
    MAX_CANONICAL = 8192  # characters
    MAX_PARAMETERS = 64
    MAX_NAMES = 64
    SIGNATURE = 64  # `SIGNATURE_CHARACTERS`

    # What a character may be part of.
    UNRESERVED = 1
    CAPITAL = 2
    HEX = 4  # in capitals, as AWS writes it
    VISIBLE = 8

cdef byte classes[256]
cdef byte digits[256]  # values of hexadecimal digits


cdef void _fill_tables() noexcept:
    cdef int each
    for each in range(256):
        classes[each] = VISIBLE if 0x21 <= each < 0x7F else 0
        digits[each] = 0
    for each in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~":
        classes[each] |= UNRESERVED
    for each in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        classes[each] |= CAPITAL
    for each in range(16):
        classes[<byte>(b"0123456789ABCDEF"[each])] |= HEX
        digits[<byte>(b"0123456789ABCDEF"[each])] = each

_fill_tables()

cdef bytes _empty_body_hash = b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
cdef const byte* _algorithm = b"AWS4-HMAC-SHA256"


cdef struct Page:
    Py_ssize_t size
    byte text[MAX_CANONICAL]


cdef inline bint _is_ascii(PyObject* text) noexcept:
    return PyUnicode_CheckExact(text) and PyUnicode_IS_COMPACT_ASCII(text)


cdef inline bint _write(Page* page, const byte* text, Py_ssize_t size, byte end) noexcept:
    """Write a text and the character after it, where there is room."""
    if size >= MAX_CANONICAL - page.size:
        return False
    memcpy(page.text + page.size, text, size)
    page.text[page.size + size] = end
    page.size += size + 1
    return True


cdef bint _is_plain_path(PyObject* path) noexcept:
    if not _is_ascii(path):
        return False
    cdef const byte* text = PyUnicode_1BYTE_DATA(path)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(path), each
    if size == 0 or text[0] != 47:  # "/"
        return False
    for each in range(1, size):
        if text[each] == 47 or text[each] == 46:  # "//" or "/.": there may be something to take out
            if text[each - 1] == 47:
                return False
        elif not classes[text[each]] & UNRESERVED:
            return False
    return True


cdef struct Parameter:
    const byte* name
    Py_ssize_t name_size
    const byte* value
    Py_ssize_t value_size


cdef bint _is_before(Parameter* one, Parameter* other) noexcept:
    """Whether one parameter has its place before the other: by its name, then by its value."""
    cdef Py_ssize_t least = min(one.name_size, other.name_size)
    cdef int order = memcmp(one.name, other.name, least)
    if order == 0 and one.name_size == other.name_size:
        least = min(one.value_size, other.value_size)
        order = memcmp(one.value, other.value, least)
        return order < 0 or (order == 0 and one.value_size < other.value_size)
    return order < 0 or (order == 0 and one.name_size < other.name_size)


cdef bint _write_query(Page* page, PyObject* query) noexcept:
    """Write a query of parameters that AWS would spell as they are, sorted."""
    if not _is_ascii(query):
        return False
    cdef const byte* text = PyUnicode_1BYTE_DATA(query)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(query), at = 0, start, mark
    cdef Parameter parameters[MAX_PARAMETERS]
    cdef Parameter each
    cdef int count = 0, place
    while at <= size and size > 0:
        start, mark = at, -1
        while at < size and text[at] != 38:  # "&"
            if text[at] == 61:  # "="
                if mark >= 0:
                    return False
                mark = at
            elif text[at] == 37:  # "%"
                if at + 2 >= size or not classes[text[at + 1]] & classes[text[at + 2]] & HEX:
                    return False
                if classes[digits[text[at + 1]] * 16 + digits[text[at + 2]]] & UNRESERVED:
                    return False
                at += 2
            elif not classes[text[at]] & UNRESERVED:
                return False
            at += 1
        if mark < 0 or count == MAX_PARAMETERS:
            return False
        each.name, each.name_size = text + start, mark - start
        each.value, each.value_size = text + mark + 1, at - mark - 1
        place = count
        while place > 0 and _is_before(&each, &parameters[place - 1]):
            parameters[place] = parameters[place - 1]
            place -= 1
        parameters[place] = each
        count += 1
        at += 1
    for place in range(count):
        if not _write(page, parameters[place].name, parameters[place].name_size, 61):
            return False
        if not _write(page, parameters[place].value, parameters[place].value_size, 38):
            return False
    if count:
        page.text[page.size - 1] = 10
        return True
    return _write(page, text, 0, 10)


cdef bint _write_header(Page* page, PyObject* name, PyObject* value) noexcept:
    """Write a header's line, if its value has no white space but single spaces within."""
    if not _is_ascii(name) or not _is_ascii(value):
        return False
    cdef const byte* text = PyUnicode_1BYTE_DATA(value)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(value), each
    for each in range(size):
        if not classes[text[each]] & VISIBLE:
            if text[each] != 32 or each == 0 or each == size - 1 or text[each - 1] == 32:
                return False
    return _write(page, PyUnicode_1BYTE_DATA(name), PyUnicode_GET_LENGTH(name), 58) and _write(page, text, size, 10)


cdef bint _names_a_signature(PyObject* query) noexcept:
    """Whether a parameter of the query may be one of a signature's."""
    cdef const byte* text = PyUnicode_1BYTE_DATA(query)
    cdef Py_ssize_t each
    for each in range(PyUnicode_GET_LENGTH(query) - 5):
        if text[each] == 88 and memcmp(text + each, b"X-Amz-", 6) == 0:
            return True
    return False


cdef bint _write_request(
    Page* page, PyObject* method, PyObject* path, PyObject* query, dict named, tuple signed_headers, bytes body
) except -1:
    """Write the canonical request, if there is nothing unusual in it."""
    cdef Py_ssize_t each, count = PyTuple_GET_SIZE(signed_headers)
    cdef const byte* text
    cdef PyObject* name
    cdef PyObject* value
    cdef bytes body_hash
    if not _is_ascii(method) or not _is_plain_path(path) or count > MAX_NAMES:
        return False
    text = PyUnicode_1BYTE_DATA(method)
    for each in range(PyUnicode_GET_LENGTH(method)):
        if not classes[text[each]] & CAPITAL:
            return False
    if not _write(page, text, PyUnicode_GET_LENGTH(method), 10):
        return False
    if not _write(page, PyUnicode_1BYTE_DATA(path), PyUnicode_GET_LENGTH(path), 10) or not _write_query(page, query):
        return False
    for each in range(count):
        name = PyTuple_GET_ITEM(signed_headers, each)
        value = PyDict_GetItem(named, <object>name)
        if value == NULL or not _write_header(page, name, value):
            return False
    if not _write(page, page.text, 0, 10):
        return False
    for each in range(count):
        name = PyTuple_GET_ITEM(signed_headers, each)
        if not _write(page, PyUnicode_1BYTE_DATA(name), PyUnicode_GET_LENGTH(name), 59):
            return False
    page.text[page.size - 1] = 10
    body_hash = _empty_body_hash if PyBytes_GET_SIZE(body) == 0 else sha256(body).hexdigest().encode()
    return _write(page, <const byte*>PyBytes_AS_STRING(body_hash), PyBytes_GET_SIZE(body_hash), 10)


cdef bytes _string_to_sign(Page* page, PyObject* timestamp, PyObject* scope):
    """The string to sign of the canonical request written there, whose last newline is not part of it."""
    cdef str digest = sha256(PyBytes_FromStringAndSize(<const char*>page.text, page.size - 1)).hexdigest()
    cdef PyObject* hashed = <PyObject*>digest
    page.size = 0
    if (_write(page, _algorithm, 16, 10)
            and _write(page, PyUnicode_1BYTE_DATA(timestamp), PyUnicode_GET_LENGTH(timestamp), 10)
            and _write(page, PyUnicode_1BYTE_DATA(scope), PyUnicode_GET_LENGTH(scope), 10)
            and _write(page, PyUnicode_1BYTE_DATA(hashed), PyUnicode_GET_LENGTH(hashed), 10)):
        return PyBytes_FromStringAndSize(<const char*>page.text, page.size - 1)
    return None


def spell(
    str method not None,
    str path not None,
    str query not None,
    tuple lines not None,
    dict named not None,
    tuple signed_headers not None,
    bytes body not None,
):
    """The canonical request of a plain request; None for any other. *lines* and *named* are as for ``recall``."""
    cdef Page page
    page.size = 0
    if PyTuple_GET_SIZE(lines) != len(named) or PyTuple_GET_SIZE(signed_headers) == 0:
        return None
    if not _write_request(&page, <PyObject*>method, <PyObject*>path, <PyObject*>query, named, signed_headers, body):
        return None
    return make_text(page.text, page.size - 1)


def recall(
    str method not None,
    str path not None,
    str query not None,
    tuple lines not None,
    dict named not None,
    bytes body not None,
    object now,
    object expectation,
    dict claims not None,
    dict moments not None,
    object request,
):
    """What the request presents, as the fields of ``Presented``; None unless it says what is remembered.

    *lines* are its header lines, *named* the first value of each of their names in lower case; *claims* and *moments*
    what was read before (``presented.py``).
    """
    cdef PyObject* header = PyDict_GetItem(named, "authorization")
    cdef PyObject* date = PyDict_GetItem(named, "x-amz-date")
    cdef PyObject* token = PyDict_GetItem(named, "x-amz-security-token")
    cdef PyObject* found
    cdef tuple claim, moment
    if header == NULL or date == NULL or PyTuple_GET_SIZE(lines) != len(named):
        return None
    if not _is_ascii(header) or not _is_ascii(date) or not _is_ascii(<PyObject*>query):
        return None
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(header)
    if size <= SIGNATURE:
        return None
    cdef const byte* signed = PyUnicode_1BYTE_DATA(header) + size - SIGNATURE
    if memchr(signed, 44, SIGNATURE) != NULL or signed[SIGNATURE - 1] == 32 or signed[SIGNATURE - 1] == 9:  # ","
        return None
    found = PyDict_GetItem(claims, PyUnicode_Substring(<object>header, 0, size - SIGNATURE))
    if found == NULL:
        return None
    claim = <tuple>found
    found = PyDict_GetItem(moments, <object>date)
    if found == NULL:
        return None
    moment = <tuple>found
    # The indices are those of the fields of `_Claim` and `_Moment`.
    if claim[4] is not expectation or moment[4] != claim[5] or moment[1] != claim[6]:
        return None
    if not moment[2] <= now <= moment[3] or _names_a_signature(<PyObject*>query):
        return None
    cdef Page page
    page.size = 0
    if not _write_request(&page, <PyObject*>method, <PyObject*>path, <PyObject*>query, named, <tuple>claim[2], body):
        return None
    cdef bytes signing = _string_to_sign(&page, date, <PyObject*>claim[7])
    if signing is None:
        return None
    return (
        "header", claim[0], claim[1], claim[2], PyUnicode_Substring(<object>header, size - SIGNATURE, size), moment[0],
        <object>date, None if token == NULL else <object>token, claim[3], now, expectation, request, signing,
    )
