"""Which resource and method of a REST API serves a path: literal before variable before greedy, and by resource *and*
method.

A resource that lacks the method leaves the call to the most specific ``{proxy+}`` that serves it: measured on the
service (spec 01, section 1.1).

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
"""

from collections.abc import Iterable, Mapping
from typing import Final, Generic, TypeVar

MethodT = TypeVar("MethodT")

ANY: Final = "ANY"
ANY_COVERS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class _Node(Generic[MethodT]):
    """One level of the tree of resources."""

    __slots__ = ("greedy", "greedy_name", "literals", "methods", "variable", "variable_name")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[MethodT]] = {}
        self.variable: _Node[MethodT] | None = None
        self.variable_name = ""
        self.greedy: _Node[MethodT] | None = None
        self.greedy_name = ""
        self.methods: dict[str, MethodT] | None = None  # None: no resource ends here


class Router(Generic[MethodT]):
    """The routes of one deployed API. Finding one takes as many steps as the path has segments."""

    __slots__ = ("_literal", "_root")

    def __init__(self, resources: Iterable[tuple[str, Mapping[str, MethodT]]]) -> None:
        """*resources* are pairs of a resource's path and its methods by verb."""
        self._root: _Node[MethodT] = _Node()
        # Resources without a variable, by their path: what serves each verb that any method may have.
        self._literal: dict[str, Mapping[str, MethodT]] = {}
        for path, methods in resources:
            self._insert(path, methods)
            if "{" not in path:
                self._literal[path] = {
                    verb: found for verb in ANY_COVERS if (found := serving(methods, verb)) is not None
                }

    def _insert(self, path: str, methods: Mapping[str, MethodT]) -> None:
        node = self._root
        for segment in split(path):
            if segment.startswith("{") and segment.endswith("+}"):
                node.greedy = node.greedy or _Node()
                node.greedy_name = segment[1:-2]
                node = node.greedy
            elif segment.startswith("{") and segment.endswith("}"):
                node.variable = node.variable or _Node()
                node.variable_name = segment[1:-1]
                node = node.variable
            else:
                node = node.literals.setdefault(segment, _Node())
        node.methods = dict(methods)

    def find(self, method: str, path: str) -> tuple[MethodT, Mapping[str, str]] | None:
        """The method that serves a raw path, with the path parameters as the client wrote them; None if there is
        none.
        """
        methods = self._literal.get(path)
        if methods is not None and method in methods:
            return methods[method], {}
        segments = split(path)
        if (exact := _find_exact(self._root, segments, 0)) is not None:
            node, values = exact
            if node.methods is not None and (found := serving(node.methods, method)) is not None:
                return found, values
        return _find_greedy(self._root, segments, 0, method)


def split(path: str) -> list[str]:
    """The segments of a path. Slashes at its end are ignored when matching."""
    stripped = path.rstrip("/")[1:]
    return stripped.split("/") if stripped else []


def serving(methods: Mapping[str, MethodT], method: str) -> MethodT | None:
    """The method of a resource that serves a verb: its own before ``ANY``. No request has the method ``ANY`` itself."""
    if method not in ANY_COVERS:
        return None
    found = methods.get(method)
    return found if found is not None else methods.get(ANY)


def _find_exact(node: _Node[MethodT], segments: list[str], depth: int) -> tuple[_Node[MethodT], dict[str, str]] | None:
    """The resource whose path, without a greedy variable, is this one."""
    if depth == len(segments):
        return (node, {}) if node.methods is not None else None
    segment = segments[depth]
    if (child := node.literals.get(segment)) is not None and (
        found := _find_exact(child, segments, depth + 1)
    ) is not None:
        return found
    if segment and node.variable is not None and (found := _find_exact(node.variable, segments, depth + 1)) is not None:
        found[1][node.variable_name] = segment
        return found
    return None


def _find_greedy(
    node: _Node[MethodT], segments: list[str], depth: int, method: str
) -> tuple[MethodT, dict[str, str]] | None:
    """The most specific ``{proxy+}`` below *node* that serves the method and takes the rest of the path."""
    if depth == len(segments):
        return None
    segment = segments[depth]
    if (child := node.literals.get(segment)) is not None and (
        found := _find_greedy(child, segments, depth + 1, method)
    ) is not None:
        return found
    if (
        segment
        and node.variable is not None
        and (found := _find_greedy(node.variable, segments, depth + 1, method)) is not None
    ):
        found[1][node.variable_name] = segment
        return found
    if node.greedy is not None and node.greedy.methods is not None:
        serves = serving(node.greedy.methods, method)
        if serves is not None:
            return serves, {node.greedy_name: "/".join(segments[depth:])}
    return None
