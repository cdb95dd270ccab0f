"""ASCII text as compiled twins read and make it: what they share of CPython's way with it."""

from cpython.object cimport PyObject
from libc.string cimport memcpy

cdef extern from "Python.h":
    unicode PyUnicode_New(Py_ssize_t size, Py_UCS4 maxchar)
    unsigned char* PyUnicode_1BYTE_DATA(PyObject* text)
    bint PyUnicode_IS_COMPACT_ASCII(PyObject* text)
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject* text)
    bint PyUnicode_CheckExact(PyObject* text)
    bint PyTuple_CheckExact(PyObject* pair)

ctypedef unsigned char byte


cdef inline unicode make_text(const void* ascii, Py_ssize_t size):
    """So many bytes of ASCII as text."""
    cdef unicode made = PyUnicode_New(size, 127)
    memcpy(PyUnicode_1BYTE_DATA(<PyObject*>made), ascii, size)
    return made
