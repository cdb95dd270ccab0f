from hypothesis import given
from hypothesis import strategies as st

from yett.rules.execute_api.authorizers.cache_key import hash_identity

EVIDENCE = st.lists(st.lists(st.text(), max_size=3).map(tuple), max_size=3).map(tuple)


@given(EVIDENCE, EVIDENCE)
def test_two_pieces_of_evidence_share_a_key_only_if_they_are_one(
    first: tuple[tuple[str, ...], ...], second: tuple[tuple[str, ...], ...]
) -> None:
    assert (hash_identity(first) == hash_identity(second)) is (first == second)


def test_values_do_not_run_into_each_other() -> None:
    hashes = {
        hash_identity(each)
        for each in [
            (("ab", "c"),),
            (("a", "bc"),),
            (("abc",),),
            (("ab",), ("c",)),
            (("a", "b"), ("c",)),
            (("a",), ("b", "c")),
        ]
    }
    assert len(hashes) == 6


def test_case_and_order_count() -> None:
    assert hash_identity((("a",), ("b",))) != hash_identity((("b",), ("a",)))
    assert hash_identity((("a",),)) != hash_identity((("A",),))
