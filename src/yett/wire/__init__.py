"""LIBRARY: AWS's wire protocols both ways, from botocore's service models. No policy, no operation of any service."""

from yett.wire.constraints import ConstraintsViolated, check
from yett.wire.dialect import parse_input, render_error, render_output
from yett.wire.loading import service_model
from yett.wire.shapes import MalformedInput, NotInModel, Operation, Protocol, Service, UnknownOperation, UnknownService
from yett.wire.target import find_operation, find_service, scope_of

__all__ = [
    "ConstraintsViolated",
    "MalformedInput",
    "NotInModel",
    "Operation",
    "Protocol",
    "Service",
    "UnknownOperation",
    "UnknownService",
    "check",
    "find_operation",
    "find_service",
    "parse_input",
    "render_error",
    "render_output",
    "scope_of",
    "service_model",
]
