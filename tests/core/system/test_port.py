import socket

import pytest

from core.system.port import complaint, is_free


@pytest.fixture
def taken() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_told_with_the_setting_to_change(taken: int) -> None:
    said = complaint("localhost", str(taken), "PORT")
    assert said is not None
    assert str(taken) in said
    assert f"PORT={taken + 1}" in said


def test_a_port_is_free_again_when_its_server_has_gone() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert not is_free("127.0.0.1", port)
    assert is_free("127.0.0.1", port)
    assert complaint("127.0.0.1", str(port), "PORT") is None


@pytest.mark.parametrize("port", ["", "web", "0", "70000", "-1"])
def test_what_is_no_port_is_named(port: str) -> None:
    said = complaint("localhost", port, "PORT")
    assert said is not None
    assert repr(port) in said


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_a_host_that_is_not_this_machine_is_named(host: str) -> None:
    said = complaint(host, "8501", "PORT")
    assert said is not None
    assert host in said
