import uuid

from yett.server.request_ids import RequestIds


def test_ids_are_random_uuids_and_never_repeat() -> None:
    ids = RequestIds()
    drawn = [ids.take() for _ in range(2000)]
    assert len(set(drawn)) == 2000
    for text in drawn:
        parsed = uuid.UUID(text)
        assert (str(parsed), parsed.version, parsed.variant) == (text, 4, uuid.RFC_4122)
