"""Templates that are small on disk and want to be large in memory, or deep beyond any stack."""

from pathlib import Path

import pytest

from yett.templates.errors import TemplateRefused
from yett.templates.loading import load_document

LAUGHS = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
MERGES = "m0: &m0 {x: 1}\n" + "".join(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 8)}]}}\n" for n in range(1, 16))


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        MERGES,
        "a: &a [*a]\n",
        "a: &a {b: *a}\n",
        "[" * 50_000,
        "{a: " * 50_000,
        "- " * 50_000 + "x",
        "!!python/name:os.system",
        "a: !!binary aGk=\n? [1]\n: 2",
    ],
    ids=["aliases", "merges", "a list in itself", "a map in itself", "lists", "maps", "blocks", "a name", "key"],
)
def test_what_would_grow_or_run_when_read_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(text)
    with pytest.raises(TemplateRefused):
        load_document(path)


def test_aliases_and_merges_within_reason_are_read(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("base: &base {a: 1}\nmore: {<<: *base, b: 2}\nsame: [*base, *base]\n")
    assert load_document(path) == {"base": {"a": 1}, "more": {"a": 1, "b": 2}, "same": [{"a": 1}, {"a": 1}]}


def test_a_tag_that_names_a_call_calls_nothing(tmp_path: Path) -> None:
    path, trace = tmp_path / "template.yaml", tmp_path / "trace"
    path.write_text(f"!!python/object/apply:os.system ['touch {trace}']")
    assert load_document(path) == [f"touch {trace}"]
    assert not trace.exists()
