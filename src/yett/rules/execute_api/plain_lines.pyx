# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
# cython: embedsignature=True, binding=False
"""Header lines that the gateway passes on, and those that it writes itself: the compiled twin of ``headers.py``,
``request_ids.py``, ``mapping/trace_header.py`` and ``integrations/http_request.py``.

They define the matter, and decide it where None is given. Where these functions answer, they answer the same;
``tests/rules/execute_api/test_plain_lines.py`` holds them to it.
"""

from cpython.datetime cimport (
    PyDateTime_CheckExact, PyDateTime_DATE_GET_HOUR, PyDateTime_DATE_GET_MINUTE, PyDateTime_DATE_GET_SECOND,
    PyDateTime_GET_DAY, PyDateTime_GET_MONTH, PyDateTime_GET_YEAR, datetime_tzinfo, get_utc, import_datetime,
)
from cpython.dict cimport PyDict_GetItem
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_New, PyTuple_SET_ITEM
from libc.string cimport memcpy

from yett.values.ascii_text cimport (
    PyTuple_CheckExact, PyUnicode_1BYTE_DATA, PyUnicode_CheckExact, PyUnicode_GET_LENGTH, PyUnicode_IS_COMPACT_ASCII, byte,
    make_text,
)

import_datetime()

cdef enum:
    MAX_LINES = 128
    TRACE_DIGITS = 24  # of a request id, in a trace header
    EXTENDED_DIGITS = 22  # likewise in ``x-amz-apigw-id``
    LAST_YEAR = 2105  # whose seconds since 1970 have eight hexadecimal digits

cdef object UTC = get_utc()
cdef const char* HEX = b"0123456789abcdef"
cdef const char* BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def forward_lines(tuple lines not None, dict present not None, dict known not None, str api_id not None,
                  str trace_header, str forwarded_for not None, object port, str scheme not None,
                  object moment, str request_id not None):
    """A client's lines as an ``HTTP_PROXY`` backend gets them where nothing is mapped, with the gateway's own.

    A trace header is made of *moment* and *request_id* where none is given.

    *present*: the first value by lower-case name. *known*: of names as they were sent, whether they are withheld.
    """
    cdef PyObject* passed[MAX_LINES]
    cdef PyObject* line
    cdef PyObject* found
    cdef Py_ssize_t each, count = 0
    cdef bint has_authorization, has_agent
    if PyTuple_GET_SIZE(lines) > MAX_LINES:
        return None
    has_authorization, has_agent = "authorization" in present, "user-agent" in present
    for each in range(PyTuple_GET_SIZE(lines)):
        line = PyTuple_GET_ITEM(lines, each)
        if not _is_line(line):
            return None
        found = PyDict_GetItem(known, <object>PyTuple_GET_ITEM(<object>line, 0))
        if found == NULL:
            return None
        if <object>found is False:
            if has_authorization and (<str>PyTuple_GET_ITEM(<object>line, 1)).startswith("AWS4-"):
                return None  # a signature, it may be
            passed[count] = line
            count += 1
    if trace_header is None:
        trace_header = trace_root(moment, request_id)
        if trace_header is None:
            return None
    cdef tuple made = PyTuple_New(count + (5 if has_agent else 6))
    for each in range(count):
        _put(made, each, <object>passed[each])
    _put(made, count, ("X-Amzn-Apigateway-Api-Id", api_id))
    _put(made, count + 1, ("X-Amzn-Trace-Id", trace_header))
    _put(made, count + 2, ("X-Forwarded-For", forwarded_for))
    _put(made, count + 3, ("X-Forwarded-Port", str(port)))
    _put(made, count + 4, ("X-Forwarded-Proto", scheme))
    if not has_agent:
        _put(made, count + 5, ("User-Agent", "AmazonAPIGateway_" + api_id))
    return made


def relay_lines(tuple lines not None, dict known not None, str request_id not None):
    """A backend's lines under the names that the client is shown, and the two that name the request.

    *known*: of names as the backend wrote them, what they become; None for those that are dropped.
    """
    cdef PyObject* kept[MAX_LINES]
    cdef PyObject* names[MAX_LINES]
    cdef PyObject* line
    cdef PyObject* found
    cdef Py_ssize_t each, count = 0
    cdef object extended = extended_request_id(request_id)
    if extended is None or PyTuple_GET_SIZE(lines) > MAX_LINES:
        return None
    for each in range(PyTuple_GET_SIZE(lines)):
        line = PyTuple_GET_ITEM(lines, each)
        if not _is_line(line):
            return None
        found = PyDict_GetItem(known, <object>PyTuple_GET_ITEM(<object>line, 0))
        if found == NULL:
            return None
        if <object>found is not None:
            kept[count] = line
            names[count] = found
            count += 1
    cdef tuple made = PyTuple_New(count + 2)
    for each in range(count):
        line = kept[each]
        if names[each] == PyTuple_GET_ITEM(<object>line, 0):
            _put(made, each, <object>line)
        else:
            _put(made, each, (<object>names[each], <object>PyTuple_GET_ITEM(<object>line, 1)))
    _put(made, count, ("x-amzn-RequestId", request_id))
    _put(made, count + 1, ("x-amz-apigw-id", extended))
    return made


cdef inline bint _is_line(PyObject* line) noexcept:
    return (
        PyTuple_CheckExact(line)
        and PyTuple_GET_SIZE(<object>line) == 2
        and PyUnicode_CheckExact(PyTuple_GET_ITEM(<object>line, 0))
        and PyUnicode_CheckExact(PyTuple_GET_ITEM(<object>line, 1))
    )


cdef inline void _put(tuple made, Py_ssize_t at, object line) noexcept:
    Py_INCREF(line)
    PyTuple_SET_ITEM(made, at, line)


def trace_root(object moment, str request_id not None):
    """``Root=1-{eight hexadecimal digits of the time}-{24 digits of the request id}``, of a moment in UTC."""
    cdef char text[7 + 8 + 1 + TRACE_DIGITS]
    cdef int each, year
    cdef long long days, seconds
    if not PyDateTime_CheckExact(moment) or datetime_tzinfo(moment) is not UTC:
        return None
    year = PyDateTime_GET_YEAR(moment)
    if year < 1970 or year > LAST_YEAR or _take_digits(request_id, text + 16, TRACE_DIGITS) != TRACE_DIGITS:
        return None
    days = _days_since_1970(year, PyDateTime_GET_MONTH(moment), PyDateTime_GET_DAY(moment))
    seconds = days * 86400 + (
        PyDateTime_DATE_GET_HOUR(moment) * 3600
        + PyDateTime_DATE_GET_MINUTE(moment) * 60
        + PyDateTime_DATE_GET_SECOND(moment)
    )
    memcpy(text, b"Root=1-", 7)
    for each in range(8):
        text[14 - each] = HEX[seconds & 15]
        seconds >>= 4
    text[15] = 45  # "-"
    return make_text(text, 16 + TRACE_DIGITS)


def extended_request_id(str request_id not None):
    """The first eleven bytes of a request id, in base64."""
    cdef char digits[EXTENDED_DIGITS]
    cdef char text[16]
    cdef unsigned int three
    cdef int each, value
    if _take_digits(request_id, digits, EXTENDED_DIGITS) != EXTENDED_DIGITS:
        return None
    for each in range(EXTENDED_DIGITS):
        value = _hexadecimal(digits[each])
        if value < 0:
            return None
        digits[each] = <char>value
    for each in range(4):
        three = _byte(digits, 3 * each) << 16 | _byte(digits, 3 * each + 1) << 8
        if each < 3:
            three |= _byte(digits, 3 * each + 2)
        text[4 * each] = BASE64[three >> 18]
        text[4 * each + 1] = BASE64[three >> 12 & 63]
        text[4 * each + 2] = BASE64[three >> 6 & 63]
        text[4 * each + 3] = BASE64[three & 63]
    text[15] = 61  # "="
    return make_text(text, 16)


cdef int _take_digits(str request_id, char* to, int wanted) noexcept:
    """Copy what is no dash of the id, up to as much as is wanted; how much that was, or -1 of what is no ASCII."""
    cdef Py_ssize_t at
    cdef int taken = 0
    cdef const byte* text
    if not PyUnicode_IS_COMPACT_ASCII(<PyObject*>request_id):
        return -1
    text = PyUnicode_1BYTE_DATA(<PyObject*>request_id)
    for at in range(PyUnicode_GET_LENGTH(<PyObject*>request_id)):
        if taken == wanted:
            break
        if text[at] != 45:
            to[taken] = <char>text[at]
            taken += 1
    return taken


cdef int _hexadecimal(char digit) noexcept:
    if 48 <= digit <= 57:
        return digit - 48
    if 97 <= digit <= 102:
        return digit - 87
    return digit - 55 if 65 <= digit <= 70 else -1


cdef inline unsigned int _byte(const char* digits, int at) noexcept:
    return <unsigned int>(digits[2 * at] << 4 | digits[2 * at + 1])


cdef long long _days_since_1970(long long year, int month, int day) noexcept:
    """Years are counted from March, so that a leap day is a year's last."""
    cdef long long shifted = year if month > 2 else year - 1
    cdef long long of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + of_year - 719468


