"""`make label-studio`: started, connected, met again on a second start, ended by Ctrl-C."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

import learning
from annotation.environment_file import set_values
from annotation.label_studio import LabelStudio
from annotation.question import MAIN
from annotation.server import PROGRAM, LabelStudioServer, ServerFault, connect
from core.settings import Settings, settings

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]
installed = pytest.mark.skipif(not PROGRAM.exists(), reason="Label Studio is not installed: make label-studio-env")


def start(folder: Path, port: int) -> subprocess.Popen:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OSTEOLENS_LABEL_STUDIO")}
    words = [sys.executable, "-m", "annotation.server", "--port", str(port), "--folder", str(folder / "server")]
    return subprocess.Popen(
        [*words, "--env", str(folder / ".env")],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A test run started in the background ignores Ctrl-C, and its children would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@installed
def test_it_starts_connects_the_workbench_and_ends_with_ctrl_c(
    tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OSTEOLENS_LABEL_STUDIO_URL")  # blanked for every test; here what the server writes must count
    (tmp_path / ".env").write_text("# mine\nOSTEOLENS_LOG_LEVEL=ERROR\n")
    server = start(tmp_path, free_port)
    try:
        said = []
        for line in server.stdout or ():
            said.append(line)
            if "Ctrl-C" in line:
                break
        told = "".join(said)
        assert f"http://127.0.0.1:{free_port}/projects/1" in told
        password = (tmp_path / "server" / "password").read_text().strip()
        assert password not in told
        for secret in (tmp_path / ".env", tmp_path / "server" / "password", tmp_path / "server" / "token"):
            assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert (tmp_path / ".env").read_text().startswith("# mine\nOSTEOLENS_LOG_LEVEL=ERROR\n")

        now = Settings(_env_file=tmp_path / ".env")
        token = now.label_studio_token.get_secret_value()
        assert re.fullmatch("[0-9a-f]{40}", token)
        studio = LabelStudio(now.label_studio_url, token)
        assert studio.find_project("Osteolens") == 1
        assert studio.project(MAIN, "Osteolens") == 1  # found, not made again
        sign_up = httpx.get(f"http://127.0.0.1:{free_port}/user/signup/", follow_redirects=True)
        assert "sentry.io" not in sign_up.text

        second = start(tmp_path, free_port)
        again, _ = second.communicate(timeout=60)
        assert "running or starting already" in again
        assert second.returncode == 1

        number = int((tmp_path / "server" / "server.pid").read_text())
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait(30)


@installed
def test_a_port_that_is_taken_is_named_with_the_setting(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServerFault, match=rf"Port {port} is taken .* LABEL_STUDIO_PORT={port + 1}"):
            LabelStudioServer(tmp_path, port).__enter__()


def test_without_label_studio_it_says_how_to_get_it(tmp_path: Path, free_port: int) -> None:
    with pytest.raises(ServerFault, match="make label-studio"):
        LabelStudioServer(tmp_path, free_port, program=tmp_path / "none").__enter__()


def test_a_connection_to_another_label_studio_is_left_alone(tmp_path: Path, free_port: int, monkeypatch) -> None:
    env = tmp_path / ".env"
    theirs = {"OSTEOLENS_LABEL_STUDIO_URL": "https://hospital.example", "OSTEOLENS_LABEL_STUDIO_TOKEN": "theirs"}
    for name in theirs:
        monkeypatch.delenv(name, raising=False)
    set_values(env, theirs)
    before = env.read_text()
    (tmp_path / "server").mkdir()
    with pytest.raises(ServerFault, match=r"connected to https://hospital\.example"):
        connect(LabelStudioServer(tmp_path / "server", free_port), env)
    assert env.read_text() == before


def test_a_workbench_that_runs_already_notices_that_it_was_connected(
    monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_URL", "")
    settings.cache_clear()
    assert settings().label_studio_url == ""
    assert "make label-studio" in learning.label_studio_status().message
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_URL", f"http://127.0.0.1:{free_port}")
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_TOKEN", "0" * 40)
    assert settings().label_studio_url == ""  # as it was read at the start
    assert f"cannot be reached at http://127.0.0.1:{free_port}" in learning.label_studio_status().message
