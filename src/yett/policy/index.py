"""Finding the few statements of many that may apply to a request, without trying each.

Whatever is left out could not have applied; whatever is found is still tried whole. A statement is found by the ARN
that it names; else by a whole segment that its pattern alone has, such as an API's id; else by the condition value that
it wants; else by the rarest segment, by the literal text with which the pattern begins, or by a rare gram, a few
characters that it holds; else by its principal.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Final

from msgspec import Struct

from yett.policy.document import Effect, Patterns
from yett.policy.evaluate import Evaluation
from yett.policy.request import ANYONE, NO_CONTEXT, AuthorizationRequest, Grant, RequestContext
from yett.policy.resource import ResourceTemplate, read_resource
from yett.policy.wildcard import Glob

GRAM_CHARACTERS: Final = 6  # of the pieces of text by which patterns without a telling prefix are found
CROWD: Final = 8  # patterns that may stand together before a narrower place is sought for them
HANDFUL: Final = 4  # patterns that are all tried, since finding one of them would cost as much
FEW: Final = 8  # segments that are looked for in a resource one by one, since that is quicker than taking it apart

ResourceTest = Callable[[str, RequestContext], bool]


class Condition(Struct, frozen=True):
    """One entry of a Condition element, ready to be asked."""

    key: str  # lower case
    when_absent: bool
    when_present: Callable[[tuple[str, ...], RequestContext], bool]


class Equality(Struct, frozen=True):
    """An entry that wants its key to be one of some texts, and nothing else: what is asked most, and quickest."""

    key: str  # lower case
    values: frozenset[str]


class Rule(Struct, frozen=True):
    """A statement, ready to be asked everything but its resource."""

    ordinal: int
    effect: Effect
    actions: Callable[[str], bool] | None  # of a lower-case action; None: they cover whatever may be asked
    principal_names: frozenset[str] | None  # None: there is no such element, or it means anyone
    principal_negated: bool
    equalities: tuple[Equality, ...]
    conditions: tuple[Condition, ...]  # the others
    verdict: Evaluation  # where no principal is asked for, and of a Deny
    by_grant: Mapping[Grant, Evaluation]


class Candidate(Struct, frozen=True):
    """A rule that may apply, with what is left to ask about the resource."""

    rule: Rule
    ordinal: int
    pattern: Callable[[str], bool] | None = None  # of every request; None: there is nothing to ask
    resource: ResourceTest | None = None  # where it hangs on the request what the pattern is, or there are several


Bucket = tuple[Candidate, ...]
_ordinal: Final = attrgetter("ordinal")


class Index(Struct, frozen=True):
    """The candidates, by how they are found. Every bucket is in the order of the statements."""

    everywhere: Bucket
    exact: Mapping[str, Bucket]
    by_segment: Mapping[str, Bucket]
    prefixed: Mapping[str, Bucket]
    prefix_lengths: tuple[int, ...]
    by_gram: Mapping[str, Bucket]
    by_name: Mapping[str, Bucket]
    by_value: tuple[tuple[str, Mapping[str, Bucket]], ...]
    tells_apart: bool  # False: `everywhere` holds them all, whatever is asked

    def find(self, request: AuthorizationRequest) -> Bucket:
        """The statements that may apply, in their order; one may come twice."""
        if not self.tells_apart:
            return self.everywhere
        resource = request.resource
        hits = [self.everywhere] if self.everywhere else []
        if resource in self.exact:
            hits.append(self.exact[resource])
        by_segment = self.by_segment
        if len(by_segment) <= FEW:
            for segment, bucket in by_segment.items():
                if segment in resource:
                    hits.append(bucket)
        else:
            for segment in segments_of(resource):
                if segment in by_segment:
                    hits.append(by_segment[segment])
        prefixed = self.prefixed
        for length in self.prefix_lengths:
            prefix = resource[:length]
            if prefix in prefixed:
                hits.append(prefixed[prefix])
        if self.by_gram:
            grams = {resource[at : at + GRAM_CHARACTERS] for at in range(len(resource) - GRAM_CHARACTERS + 1)}
            hits.extend(self.by_gram[gram] for gram in grams & self.by_gram.keys())
        if self.by_name:
            hits.extend(self.by_name[name] for name in request.principal.names if name in self.by_name)
        for key, buckets in self.by_value:
            for value in request.context.find(key) or ():
                if value in buckets:
                    hits.append(buckets[value])
        if len(hits) < 2:
            return hits[0] if hits else ()
        return tuple(sorted((candidate for bucket in hits for candidate in bucket), key=_ordinal))


class IndexBuilder:
    """Collects statements, and arranges them to be found."""

    def __init__(self) -> None:
        self._everywhere: list[Candidate] = []
        self._exact: list[tuple[str, Candidate]] = []
        self._patterns: list[tuple[Glob, Candidate]] = []

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._everywhere or self._exact or self._patterns)

    def add(self, rule: Rule, element: Patterns | None, version: str) -> None:
        """Take a statement, under each of the resources that it names."""
        if element is None:
            self._everywhere.append(Candidate(rule, rule.ordinal))
        elif element.negated:
            tests = tuple(_resource_test(read_resource(text, version=version)) for text in element.values)
            self._everywhere.append(Candidate(rule, rule.ordinal, resource=_none_of(tests)))
        else:
            for text in dict.fromkeys(element.values):
                self._add_pattern(rule, read_resource(text, version=version))

    def _add_pattern(self, rule: Rule, template: ResourceTemplate) -> None:
        outline = template.outline()
        if outline.literal is not None:
            self._exact.append((outline.literal, _candidate(rule, template)))
        elif outline.runs:
            self._patterns.append((outline, _candidate(rule, template)))
        else:
            is_anything = template.is_fixed and outline.matches("")
            self._everywhere.append(Candidate(rule, rule.ordinal) if is_anything else _candidate(rule, template))

    def build(self) -> Index:
        """Arrange what was collected."""
        handful = [*self._everywhere, *(each for _, each in self._exact), *(each for _, each in self._patterns)]
        if len(handful) <= HANDFUL:
            return Index(_bucket(handful), {}, {}, {}, (), {}, {}, (), tells_apart=False)
        exact: defaultdict[str, list[Candidate]] = defaultdict(list)
        for literal, candidate in self._exact:
            exact[literal].append(Candidate(candidate.rule, candidate.ordinal))
        by_segment: defaultdict[str, list[Candidate]] = defaultdict(list)
        by_prefix: defaultdict[str, list[tuple[Glob, Candidate]]] = defaultdict(list)
        by_gram: defaultdict[str, list[Candidate]] = defaultdict(list)
        whole = [whole_segments(outline) for outline, _ in self._patterns]
        holders = Counter(segment for segments in whole for segment in segments)
        for segments, (outline, candidate) in zip(whole, self._patterns, strict=True):
            rarest = min(segments, key=lambda segment: (holders[segment], segment), default=None)
            alike = CROWD + 1 if rarest is None else holders[rarest]
            if alike > 1 and candidate.rule.equalities:
                self._everywhere.append(candidate)  # to be found by the value that it wants
            elif rarest is not None and alike <= CROWD:
                by_segment[rarest].append(candidate)
            else:
                by_prefix[outline.prefix].append((outline, candidate))
        prefixed: dict[str, Bucket] = {}
        crowded: list[tuple[Glob, Candidate]] = []
        for prefix, members in by_prefix.items():
            if prefix and len(members) <= CROWD:
                prefixed[prefix] = _bucket(candidate for _, candidate in members)
            else:
                crowded.extend(members)
        counts = Counter(gram for outline, _ in crowded for gram in _grams(outline))
        for outline, candidate in crowded:
            grams = _grams(outline)
            rarest = min(grams, key=lambda gram: (counts[gram], gram), default=None)
            if rarest is None or counts[rarest] > max(CROWD, len(crowded) // CROWD):
                self._everywhere.append(candidate)
            else:
                by_gram[rarest].append(candidate)
        everywhere, by_name, by_value = _scatter(self._everywhere)
        return Index(
            everywhere=everywhere,
            exact=_buckets(exact),
            by_segment=_buckets(by_segment),
            prefixed=prefixed,
            prefix_lengths=tuple(sorted({len(prefix) for prefix in prefixed})),
            by_gram=_buckets(by_gram),
            by_name=_buckets(by_name),
            by_value=tuple((key, _buckets(values)) for key, values in by_value.items()),
            tells_apart=any((exact, by_segment, prefixed, by_gram, by_name, by_value)),
        )


def _scatter(
    candidates: list[Candidate],
) -> tuple[Bucket, Mapping[str, list[Candidate]], Mapping[str, Mapping[str, list[Candidate]]]]:
    """Find by condition value what no resource tells apart, and by principal, if there is a crowd of it."""
    everywhere: list[Candidate] = []
    by_name: defaultdict[str, list[Candidate]] = defaultdict(list)
    by_value: defaultdict[str, defaultdict[str, list[Candidate]]] = defaultdict(lambda: defaultdict(list))
    for candidate in candidates:
        rule = candidate.rule
        wanted = rule.equalities[0] if rule.equalities else None
        if wanted is not None:
            for value in wanted.values:
                by_value[wanted.key][value].append(candidate)
        elif rule.principal_names is not None and _names_few(rule) and len(candidates) > CROWD:
            for name in rule.principal_names:
                by_name[name].append(candidate)
        else:
            everywhere.append(candidate)
    return _bucket(everywhere), by_name, by_value


def _names_few(rule: Rule) -> bool:
    return rule.principal_names is not None and not rule.principal_negated and ANYONE not in rule.principal_names


def _candidate(rule: Rule, template: ResourceTemplate) -> Candidate:
    if not template.is_fixed:
        return Candidate(rule, rule.ordinal, resource=_resource_test(template))
    pattern = template.resolve(NO_CONTEXT)
    assert pattern is not None  # no variable, so nothing that could be missing
    return Candidate(rule, rule.ordinal, pattern=pattern.test)


def _resource_test(template: ResourceTemplate) -> ResourceTest:
    if template.is_fixed:
        pattern = template.resolve(NO_CONTEXT)
        assert pattern is not None  # no variable, so nothing that could be missing
        matches = pattern.matches
        return lambda resource, _context: matches(resource)

    def test(resource: str, context: RequestContext) -> bool:
        resolved = template.resolve(context)
        return resolved is not None and resolved.matches(resource)

    return test


def _none_of(tests: tuple[ResourceTest, ...]) -> ResourceTest:
    return lambda resource, context: not any(test(resource, context) for test in tests)


def segments_of(text: str) -> list[str]:
    """What stands between colons and slashes."""
    return text.replace(":", "/").split("/")


def whole_segments(outline: Glob) -> set[str]:
    """The segments that everything the pattern matches has: those of its literal text with an end on both sides."""
    whole: set[str] = set()
    last = len(outline.chunks) - 1
    for number, chunk in enumerate(outline.chunks):
        for offset, run in chunk.runs:
            segments = segments_of(run)
            starts = 0 if number == 0 and offset == 0 else 1
            ends = len(segments) if number == last and offset + len(run) == chunk.length else len(segments) - 1
            whole.update(segments[starts:ends])
    return whole - {""}


def _grams(outline: Glob) -> set[str]:
    return {run[at : at + GRAM_CHARACTERS] for run in outline.runs for at in range(len(run) - GRAM_CHARACTERS + 1)}


def _bucket(candidates: Iterable[Candidate]) -> Bucket:
    return tuple(sorted(candidates, key=_ordinal))


def _buckets(candidates: Mapping[str, list[Candidate]]) -> dict[str, Bucket]:
    return {name: _bucket(members) for name, members in candidates.items()}
