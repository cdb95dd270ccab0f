"""What a deployment would do, without doing it: which resources change and how, with the properties that differ."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from yett.ports.stack_store import ResourceRecord
from yett.templates.blaming import MISSHAPEN, refusal_of
from yett.templates.checking import Ignored
from yett.templates.cloudformation import Attributes
from yett.templates.comparing import Compared, Comparison
from yett.templates.deploy import read
from yett.templates.packaging import Packager
from yett.templates.secrecy import is_secret
from yett.templates.site import Site
from yett.values.errors import Refusal, Unavailable

HIDDEN: Final = "****"
CODE: Final = "Code"
NOTHING: Final = object()


class Difference(Struct, frozen=True, kw_only=True):
    """A property that differs."""

    path: str  # "Policies/0/PolicyDocument/Statement/0/Action"
    before: Any = None  # None: there was none
    after: Any = None  # None: it goes


class Change(Struct, frozen=True, kw_only=True):
    """What would become of a resource."""

    logical_id: str
    type: str
    action: str  # "keep", "create", "update", "replace", "remake", "delete", "retain"
    line: int | None = None
    physical_id: str = ""  # of what is there
    differences: tuple[Difference, ...] = ()


class Plan(Struct, frozen=True, kw_only=True):
    """What would become of a stack."""

    stack: str
    changes: tuple[Change, ...]
    ignored: tuple[Ignored, ...]
    unfinished: bool  # whether an earlier deployment was cut off: what it was at is put back first

    @property
    def changed(self) -> bool:
        """Whether anything would change."""
        return self.unfinished or any(one.action != "keep" for one in self.changes)


class Later(Mapping[str, str]):
    """The attributes of what is not made yet."""

    def __init__(self, logical_id: str) -> None:
        self._logical_id = logical_id

    def __getitem__(self, name: str) -> str:
        return f"<{self._logical_id}.{name}, known later>"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


async def plan(
    template: Path, *, stack_name: str, parameters: Mapping[str, str], site: Site, packager: Packager
) -> Plan:
    """What a deployment would do.

    Raises:
        TemplateRefused: The template would be refused before anything is made.
    """
    loaded, actor, prepared = await read(
        template, stack_name=stack_name, parameters=parameters, site=site, packager=packager
    )
    there = {one.logical_id: one for one in prepared.record.resources}
    now: dict[str, ResourceRecord] = {}
    scope = prepared.scope
    comparison = Comparison(loaded, prepared.resources, scope, actor, there=there, now=now)
    changes: list[Change] = []
    for logical_id, resource in prepared.resources.items():
        try:
            compared = await comparison.compare(logical_id)
        except (Refusal, Unavailable, *MISSHAPEN) as error:
            raise refusal_of(loaded, logical_id, resource, error, scope) from error
        changes.append(change_of(compared, loaded.line_of_resource(logical_id)))
        scope.made[logical_id] = stand_in(compared, there.get(logical_id))
        now[logical_id] = compared.record(scope.made[logical_id].physical_id, {})
    for one in reversed([*there.values()]):
        if one.logical_id not in now:
            action = "retain" if one.is_retained else "delete"
            changes.append(Change(logical_id=one.logical_id, type=one.type, action=action, physical_id=one.physical_id))
    return Plan(
        stack=stack_name,
        changes=tuple(changes),
        ignored=prepared.ignored,
        unfinished=bool(prepared.record.journal or prepared.record.leavings),
    )


def stand_in(compared: Compared, present: ResourceRecord | None) -> Attributes:
    """What others are given of a resource meanwhile. What its backend has lost comes back under its name."""
    if present is not None and (compared.action in ("keep", "update") or compared.wanted.former_id):
        return Attributes(present.physical_id, present.attributes)
    logical_id = compared.wanted.logical_id
    return Attributes(f"<{logical_id}, known later>", Later(logical_id))


def change_of(compared: Compared, line: int | None) -> Change:
    """What would become of a resource, with what differs."""
    present = compared.present
    known = frozenset((*compared.secret_ways, *(present.secret_ways if present is not None else ())))
    differences: list[Difference] = []
    if compared.action != "keep":
        before: Mapping[str, Any] = {} if present is None else present.properties
        for way, old, new in differing(before, compared.wanted.properties, ()):
            differences.append(shown(way, old, new, known))
        if present is not None and present.code != compared.code:
            differences.append(Difference(path=CODE, before=present.code[:12], after=compared.code[:12]))
    return Change(
        logical_id=compared.wanted.logical_id,
        type=compared.wanted.type,
        action=compared.action,
        line=line,
        physical_id="" if present is None else present.physical_id,
        differences=tuple(differences),
    )


def differing(old: Any, new: Any, way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """The smallest parts in which two values differ."""
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in [*old, *(one for one in new if one not in old)]:
            yield from differing(old.get(name, NOTHING), new.get(name, NOTHING), (*way, str(name)))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differing(one, other, (*way, str(index)))
    else:
        yield way, old, new


def shown(way: tuple[str, ...], old: Any, new: Any, known: frozenset[str]) -> Difference:
    """A difference as it may be shown."""
    return Difference(
        path="/".join(way),
        before=None if old is NOTHING else masked(old, way, known),
        after=None if new is NOTHING else masked(new, way, known),
    )


def masked(value: Any, way: tuple[str, ...], known: frozenset[str]) -> Any:
    """The value, and nothing of it that is secret."""
    if is_secret(way, known):
        return HIDDEN
    if isinstance(value, Mapping):
        return {name: masked(one, (*way, str(name)), known) for name, one in value.items()}
    if isinstance(value, list):
        return [masked(one, (*way, str(index)), known) for index, one in enumerate(value)]
    return value
