# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
# cython: embedsignature=True, binding=False
"""Heads of HTTP/1.1 messages that are plain, read and written in one pass: the compiled twin of several modules.

What is not plain in any way, or not whole, gets None, and the module that defines the matter decides: requests are
``server/framing.py``'s, backends' answers ``adapters/upstream/connection.py``'s, what is written
``values/header_lines.py``'s. Where these functions answer, they answer the same; ``tests/values/test_plain_heads.py``
holds them to it.

Source: https://www.rfc-editor.org/rfc/rfc9112 (sections 3 to 6)
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_GetItem, PyDict_SetItem
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport uint64_t
from libc.string cimport memcmp, memcpy

from yett.values.ascii_text cimport (
    PyTuple_CheckExact, PyUnicode_1BYTE_DATA, PyUnicode_CheckExact, PyUnicode_GET_LENGTH, PyUnicode_IS_COMPACT_ASCII, byte,
    make_text,
)

cdef enum:
    # Bounds of what is plain; larger heads are read in Python, up to the bounds of `server/limits.py`.
    MAX_HEAD = 8192
    MAX_LINES = 64
    MAX_NAME = 64
    MAX_LENGTH_DIGITS = 15
    MAX_JOINED = 65536  # bytes; larger bodies are written beside their head, not copied into it
    FRAME = 80  # bytes, more than the lines have that we add
    KNOWN_NAMES_BITS = 9
    KNOWN_NAMES = 512  # two to the power of that

    # What a byte may be part of.
    TOKEN = 1  # a name
    TEXT = 2  # a value
    TARGET = 4  # a request target

    # What a name means to whoever reads or writes a head.
    ORDINARY = 0
    HOST = 1
    LENGTH = 2
    CONNECTION = 4
    UNPLAIN_IN_REQUEST = 8
    UNPLAIN_IN_ANSWER = 16
    OURS_TO_BACKENDS = 32  # dropped towards a backend, or written by the client alone
    OURS_TO_CLIENTS = 64  # likewise towards a client of ours

cdef byte classes[256]

cdef void _fill_tables() noexcept:
    cdef int each
    for each in range(256):
        classes[each] = 0
        if 0x20 <= each < 0x7F or each == 0x09:
            classes[each] |= TEXT
        if 0x21 <= each < 0x7F and each != 0x23:  # "#"
            classes[each] |= TARGET
    for each in b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz":
        classes[each] |= TOKEN

_fill_tables()

_MEANINGS = {
    "host": HOST,
    "content-length": LENGTH | OURS_TO_BACKENDS | OURS_TO_CLIENTS,
    "connection": CONNECTION | OURS_TO_BACKENDS | OURS_TO_CLIENTS,
    "transfer-encoding": UNPLAIN_IN_REQUEST | UNPLAIN_IN_ANSWER | OURS_TO_BACKENDS | OURS_TO_CLIENTS,
    "expect": UNPLAIN_IN_REQUEST | OURS_TO_BACKENDS,
    "upgrade": UNPLAIN_IN_REQUEST | UNPLAIN_IN_ANSWER | OURS_TO_BACKENDS | OURS_TO_CLIENTS,
    "proxy-connection": UNPLAIN_IN_REQUEST | UNPLAIN_IN_ANSWER | OURS_TO_BACKENDS | OURS_TO_CLIENTS,
    "proxy-authenticate": OURS_TO_BACKENDS,
    "proxy-authorization": OURS_TO_BACKENDS,
    "keep-alive": UNPLAIN_IN_ANSWER | OURS_TO_BACKENDS | OURS_TO_CLIENTS,
    "te": UNPLAIN_IN_ANSWER | OURS_TO_BACKENDS,
    "trailer": UNPLAIN_IN_REQUEST | UNPLAIN_IN_ANSWER | OURS_TO_BACKENDS | OURS_TO_CLIENTS,
    "date": OURS_TO_CLIENTS,
    # Lines that only the gateway may write: a client's are dropped where requests are defined.
    "x-amzn-apigateway-api-id": UNPLAIN_IN_REQUEST,
    "x-amz-apigw-id": UNPLAIN_IN_REQUEST,
    "apigw-requestid": UNPLAIN_IN_REQUEST,
}
_OWN_PREFIX = "x-yett-"


# Names are few and come again and again: each is made a text once, with its lower case and its meaning.

cdef class _Name:
    cdef unicode text
    cdef unicode lowered
    cdef int meaning

cdef list _known = [None] * KNOWN_NAMES


cdef inline Py_ssize_t _place(const byte* at, Py_ssize_t size) noexcept:
    """Where a name is kept: by its ends and its length, which few names share."""
    cdef uint64_t first = 0, last = 0
    cdef Py_ssize_t each
    if size >= 8:
        memcpy(&first, at, 8)
        memcpy(&last, at + size - 8, 8)
    else:
        for each in range(size):
            first = first << 8 | at[each]
    return ((first ^ last * 0x9E3779B97F4A7C15u ^ size) * 0xFF51AFD7ED558CCDu) >> (64 - KNOWN_NAMES_BITS)


cdef _Name _find_name(const byte* at, Py_ssize_t size):
    """The name that stands there; None if it is no token, or a long one."""
    cdef Py_ssize_t each
    if size == 0 or size > MAX_NAME:
        return None
    cdef Py_ssize_t place = _place(at, size)
    cdef PyObject* kept = PyList_GET_ITEM(_known, place)
    cdef _Name name
    if <object>kept is not None:
        name = <_Name>kept
        if (PyUnicode_GET_LENGTH(<PyObject*>name.text) == size
                and memcmp(PyUnicode_1BYTE_DATA(<PyObject*>name.text), at, size) == 0):
            return name
    for each in range(size):
        if not classes[at[each]] & TOKEN:
            return None
    name = _Name.__new__(_Name)
    name.text = make_text(at, size)
    name.lowered = name.text.lower()
    name.meaning = _MEANINGS.get(name.lowered, ORDINARY)
    if name.lowered.startswith(_OWN_PREFIX):
        name.meaning |= UNPLAIN_IN_REQUEST
    _known[place] = name
    return name


cdef inline tuple _pair(unicode name, unicode value):
    cdef tuple made = PyTuple_New(2)
    Py_INCREF(name)
    PyTuple_SET_ITEM(made, 0, name)
    Py_INCREF(value)
    PyTuple_SET_ITEM(made, 1, value)
    return made


cdef struct Seen:
    Py_ssize_t end  # where the empty line ends
    int hosts
    int lengths
    Py_ssize_t length


cdef int _read_lines(const byte* data, Py_ssize_t at, Py_ssize_t size, list lines, dict index, int unplain, Seen* seen
) except -1:
    """Read header lines up to the empty line; 0 where they are not plain, or not whole.

    *unplain*: the meanings that make them so.
    """
    cdef Py_ssize_t start, colon, first, last
    cdef _Name name
    cdef unicode value
    seen.hosts = seen.lengths = 0
    seen.length = 0
    while True:
        if at + 1 >= size:
            return 0
        if data[at] == 13:
            if data[at + 1] != 10:
                return 0
            seen.end = at + 2
            return 1
        start = at
        while at < size and data[at] != 58 and at - start <= MAX_NAME:  # ":"
            at += 1
        if at >= size or data[at] != 58:
            return 0
        name = _find_name(data + start, at - start)
        if name is None or name.meaning & unplain:
            return 0
        at += 1
        while at < size and (data[at] == 32 or data[at] == 9):
            at += 1
        first = at
        while at < size and classes[data[at]] & TEXT:
            at += 1
        if at + 1 >= size or data[at] != 13 or data[at + 1] != 10:
            return 0
        last = at
        while last > first and (data[last - 1] == 32 or data[last - 1] == 9):
            last -= 1
        at += 2
        value = make_text(data + first, last - first)
        if name.meaning & (HOST | LENGTH | CONNECTION):
            if name.meaning & HOST:
                seen.hosts += 1
            elif name.meaning & LENGTH:
                seen.lengths += 1
                if last == first or last - first > MAX_LENGTH_DIGITS:
                    return 0
                seen.length = 0
                while first < last:
                    if not 48 <= data[first] <= 57:
                        return 0
                    seen.length = seen.length * 10 + (data[first] - 48)
                    first += 1
            elif value.lower() != "keep-alive":
                return 0
        lines.append(_pair(name.text, value))
        if len(lines) > MAX_LINES:
            return 0
        if PyDict_GetItem(index, name.lowered) == NULL:
            PyDict_SetItem(index, name.lowered, value)


cdef unicode _method(const byte* data, Py_ssize_t size):
    """The method that stands there, of those that are usual."""
    if size == 3:
        if memcmp(data, b"GET", 3) == 0:
            return "GET"
        if memcmp(data, b"PUT", 3) == 0:
            return "PUT"
    elif size == 4:
        if memcmp(data, b"POST", 4) == 0:
            return "POST"
        if memcmp(data, b"HEAD", 4) == 0:
            return "HEAD"
    elif size == 5:
        if memcmp(data, b"PATCH", 5) == 0:
            return "PATCH"
    elif size == 6:
        if memcmp(data, b"DELETE", 6) == 0:
            return "DELETE"
    elif size == 7:
        if memcmp(data, b"OPTIONS", 7) == 0:
            return "OPTIONS"
    return None


def read_request_head(bytes data not None):
    """Read the head that *data* begins with.

    Returns:
        None, or its size in bytes, method, target, path, query, lines, the first value by lower-case name, the Host
        line's value, and the body's length.
    """
    cdef const byte* head = <const byte*>PyBytes_AS_STRING(data)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    cdef Py_ssize_t at = 0, start, mark = -1
    cdef unicode method, target, path, query
    cdef Seen seen
    if size > MAX_HEAD:
        size = MAX_HEAD
    while at < size and at < 8 and head[at] != 32:
        at += 1
    if at >= size or head[at] != 32:
        return None
    method = _method(head, at)
    if method is None:
        return None
    at += 1
    start = at
    if at >= size or head[at] != 47:  # "/"
        return None
    while at < size and classes[head[at]] & TARGET:
        if head[at] == 63 and mark < 0:  # "?"
            mark = at
        at += 1
    if at + 11 > size or memcmp(head + at, b" HTTP/1.1\r\n", 11) != 0:
        return None
    target = make_text(head + start, at - start)
    if mark < 0:
        path, query = target, ""
    else:
        path, query = make_text(head + start, mark - start), make_text(head + mark + 1, at - mark - 1)
    cdef list lines = []
    cdef dict index = {}
    if not _read_lines(head, at + 11, size, lines, index, UNPLAIN_IN_REQUEST, &seen):
        return None
    if seen.hosts != 1 or seen.lengths > 1:
        return None
    return (seen.end, method, target, path, query, tuple(lines), index, index["host"], seen.length)


def read_answer(bytes data not None):
    """Read a backend's answer to anything but HEAD that has come whole, and with nothing after it.

    Returns:
        None, or its status, lines, the first value by lower-case name, and its body.
    """
    cdef const byte* head = <const byte*>PyBytes_AS_STRING(data)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    cdef Py_ssize_t at, within = size if size < MAX_HEAD else MAX_HEAD
    cdef int status
    cdef Seen seen
    if within < 13 or memcmp(head, b"HTTP/1.1 ", 9) != 0:
        return None
    for at in range(9, 12):
        if not 48 <= head[at] <= 57:
            return None
    status = (head[9] - 48) * 100 + (head[10] - 48) * 10 + head[11] - 48
    if status < 200 or status > 599 or status == 204 or status == 304 or head[12] != 32:
        return None
    at = 13
    while at < within and classes[head[at]] & TEXT:
        at += 1
    if at + 1 >= within or head[at] != 13 or head[at + 1] != 10:
        return None
    cdef list lines = []
    cdef dict index = {}
    if not _read_lines(head, at + 2, within, lines, index, UNPLAIN_IN_ANSWER, &seen):
        return None
    if seen.lengths != 1 or size - seen.end != seen.length:
        return None
    return (status, tuple(lines), index, PyBytes_FromStringAndSize(<const char*>head + seen.end, seen.length))


cdef Py_ssize_t _measure(tuple lines, int unplain, int* meanings) except -2:
    """How many bytes the lines have as they go on the wire; -1 where one is not plain."""
    cdef Py_ssize_t size = 0, each, at, length
    cdef PyObject* pair
    cdef PyObject* text
    cdef const byte* value
    cdef _Name name
    for each in range(PyTuple_GET_SIZE(lines)):
        pair = PyTuple_GET_ITEM(lines, each)
        if not PyTuple_CheckExact(pair) or PyTuple_GET_SIZE(<object>pair) != 2:
            return -1
        text = PyTuple_GET_ITEM(<object>pair, 0)
        if not PyUnicode_CheckExact(text) or not PyUnicode_IS_COMPACT_ASCII(text):
            return -1
        length = PyUnicode_GET_LENGTH(text)
        name = _find_name(<const byte*>PyUnicode_1BYTE_DATA(text), length)
        if name is None or name.meaning & unplain:
            return -1
        meanings[0] |= name.meaning
        size += length + 4
        text = PyTuple_GET_ITEM(<object>pair, 1)
        if not PyUnicode_CheckExact(text) or not PyUnicode_IS_COMPACT_ASCII(text):
            return -1
        length = PyUnicode_GET_LENGTH(text)
        value = <const byte*>PyUnicode_1BYTE_DATA(text)
        for at in range(length):
            if not classes[value[at]] & TEXT:
                return -1
        size += length
    return size


cdef char* _write(tuple lines, char* to) noexcept:
    """Write the lines; where the next byte goes."""
    cdef Py_ssize_t each, length
    cdef PyObject* pair
    cdef PyObject* text
    for each in range(PyTuple_GET_SIZE(lines)):
        pair = PyTuple_GET_ITEM(lines, each)
        text = PyTuple_GET_ITEM(<object>pair, 0)
        length = PyUnicode_GET_LENGTH(text)
        memcpy(to, PyUnicode_1BYTE_DATA(text), length)
        to += length
        to[0] = 58
        to[1] = 32
        to += 2
        text = PyTuple_GET_ITEM(<object>pair, 1)
        length = PyUnicode_GET_LENGTH(text)
        memcpy(to, PyUnicode_1BYTE_DATA(text), length)
        to += length
        to[0] = 13
        to[1] = 10
        to += 2
    return to


cdef inline char* _put(char* to, const void* what, Py_ssize_t size) noexcept:
    memcpy(to, what, size)
    return to + size


cdef char* _put_number(char* to, Py_ssize_t number) noexcept:
    cdef char digits[24]
    cdef int count = 0
    while True:
        digits[count] = <char>(48 + number % 10)
        count += 1
        number //= 10
        if number == 0:
            break
    while count:
        count -= 1
        to[0] = digits[count]
        to += 1
    return to


def render_answer(bytes status_line not None, tuple lines not None, bytes date_line not None, bytes body not None,
                  bint keep_alive):
    """A whole answer with a body, as ``server/responses.py`` frames it; None where that must decide."""
    cdef int meanings = 0
    cdef Py_ssize_t size = _measure(lines, OURS_TO_CLIENTS, &meanings)
    cdef Py_ssize_t length = PyBytes_GET_SIZE(body)
    if size < 0 or length > MAX_JOINED:
        return None
    cdef Py_ssize_t first = PyBytes_GET_SIZE(status_line), date = PyBytes_GET_SIZE(date_line)
    cdef bytes made = PyBytes_FromStringAndSize(NULL, first + size + date + FRAME + length)
    cdef char* begin = PyBytes_AS_STRING(made)
    cdef char* to = _put(begin, PyBytes_AS_STRING(status_line), first)
    to = _write(lines, to)
    to = _put(to, PyBytes_AS_STRING(date_line), date)
    to = _put(to, b"Content-Length: ", 16)
    to = _put_number(to, length)
    if keep_alive:
        to = _put(to, b"\r\nConnection: keep-alive\r\n\r\n", 28)
    else:
        to = _put(to, b"\r\nConnection: close\r\n\r\n", 23)
    to = _put(to, PyBytes_AS_STRING(body), length)
    return _shrunk(made, to - begin)


def render_request(str method not None, str target not None, tuple lines not None, str authority not None,
                   bytes body not None, bint tells_length):
    """A whole request as ``adapters/upstream/client.py`` frames it; None where that must decide.

    *method* is a usual one. *authority* goes into a Host line of ours unless one is among the lines.
    """
    cdef int meanings = 0
    cdef Py_ssize_t size = _measure(lines, OURS_TO_BACKENDS, &meanings)
    cdef Py_ssize_t length = PyBytes_GET_SIZE(body), each
    if size < 0 or length > MAX_JOINED:
        return None
    if not (PyUnicode_IS_COMPACT_ASCII(<PyObject*>target) and PyUnicode_IS_COMPACT_ASCII(<PyObject*>method)
            and PyUnicode_IS_COMPACT_ASCII(<PyObject*>authority)):
        return None
    cdef Py_ssize_t target_size = PyUnicode_GET_LENGTH(<PyObject*>target)
    cdef Py_ssize_t method_size = PyUnicode_GET_LENGTH(<PyObject*>method)
    cdef Py_ssize_t authority_size = PyUnicode_GET_LENGTH(<PyObject*>authority)
    cdef const byte* at = <const byte*>PyUnicode_1BYTE_DATA(<PyObject*>target)
    if target_size == 0 or at[0] != 47:
        return None
    for each in range(target_size):
        if not classes[at[each]] & TARGET:
            return None
    at = <const byte*>PyUnicode_1BYTE_DATA(<PyObject*>authority)
    for each in range(authority_size):
        if not classes[at[each]] & TEXT:
            return None
    cdef bytes made = PyBytes_FromStringAndSize(NULL, method_size + target_size + authority_size + size + FRAME + length)
    cdef char* begin = PyBytes_AS_STRING(made)
    cdef char* to = _put(begin, PyUnicode_1BYTE_DATA(<PyObject*>method), method_size)
    to = _put(to, b" ", 1)
    to = _put(to, PyUnicode_1BYTE_DATA(<PyObject*>target), target_size)
    to = _put(to, b" HTTP/1.1\r\n", 11)
    if not meanings & HOST:
        to = _put(to, b"Host: ", 6)
        to = _put(to, PyUnicode_1BYTE_DATA(<PyObject*>authority), authority_size)
        to = _put(to, b"\r\n", 2)
    to = _write(lines, to)
    if tells_length:
        to = _put(to, b"Content-Length: ", 16)
        to = _put_number(to, length)
        to = _put(to, b"\r\n", 2)
    to = _put(to, b"\r\n", 2)
    to = _put(to, PyBytes_AS_STRING(body), length)
    return _shrunk(made, to - begin)


cdef bytes _shrunk(bytes made, Py_ssize_t size):
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(made), size)
