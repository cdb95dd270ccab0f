from yett.rules.lambda_.runtimes import is_node, is_served, node_major


def test_python_and_node_are_served() -> None:
    assert [is_served(each) for each in ("python3.12", "nodejs22.x", "nodejs16.x", "java21", "")] == [True] * 2 + [
        False
    ] * 3
    assert not is_node("python3.12")
    assert node_major("nodejs22.x") == "22"
