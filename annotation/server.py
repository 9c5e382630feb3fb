"""A Label Studio of one's own on this machine: `python -m annotation.server`, which is `make label-studio`.

Runs the real server in an environment and a data folder of its own, on loopback, with a user, a token and a project
made for this installation, and connects the workbench to it by `.env`. Ends with Ctrl-C.
"""

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType, TracebackType

import httpx
from filelock import FileLock, Timeout

from annotation.environment_file import set_values, write_private
from annotation.label_studio import LabelStudio, LabelStudioFault
from annotation.question import MAIN
from core.settings import ROOT, Settings

PROGRAM = ROOT / ".venv-label-studio" / ("Scripts" if os.name == "nt" else "bin") / "label-studio"
USER = "osteolens@localhost"
_START_S = 240  # a fresh data folder takes some twenty seconds, on a busy machine several times that
_STOP_S = 10


class ServerFault(Exception):
    """The server cannot be started; the message is one sentence for a person."""


class LabelStudioServer:
    """A Label Studio process: started on entering, ended by its own process number on leaving.

    folder: everything it keeps: its data, its log, the password and the token, which are made on first use.
    """

    def __init__(self, folder: Path, port: int, program: Path = PROGRAM) -> None:
        self.folder, self.port, self.program = folder, port, program
        self.url = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None
        # Two servers on one folder would spoil each other's data. Whoever ends this one may be another thread.
        self._alone = FileLock(folder / "running.lock", thread_local=False)

    def __enter__(self) -> "LabelStudioServer":
        if not self.program.exists():
            raise ServerFault(
                f"Label Studio is not installed at {self.program}; run `make label-studio`, which does it"
            )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._alone.acquire(timeout=0)
        except Timeout:
            raise ServerFault(
                f"The Label Studio of {self.folder} is running or starting already, in another window; use that one"
            ) from None
        try:
            self._start()
            self._wait()
        except BaseException:
            self._end()
            raise
        return self

    def _start(self) -> None:
        if self.runs():
            left = self._number.read_text().strip() if self._number.exists() else "unknown"
            raise ServerFault(
                f"This Label Studio runs already at {self.url}, left over from a start that was killed; "
                f"use it, or end its process {left}"
            )
        if not _is_free(self.port):
            raise ServerFault(
                f"Port {self.port} is taken by another program; "
                f"choose another: make label-studio LABEL_STUDIO_PORT={self.port + 1}"
            )
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self.program, "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(self.port)],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us; we end the server in our own order
            )
        self._number.write_text(f"{self._process.pid}\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def _number(self) -> Path:
        return self.folder / "server.pid"

    @property
    def token(self) -> str:
        """Legacy token, 40 hex digits, made on first use."""
        return _kept_secret(self.folder / "token", secrets.token_hex(20))

    @property
    def password(self) -> str:
        """Password of the user, made on first use."""
        return _kept_secret(self.folder / "password", secrets.token_urlsafe(12))

    def runs(self) -> bool:
        """Whether our own server, not just anyone's, answers at the port."""
        try:
            return LabelStudio(self.url, self.token, timeout_s=5).user() == USER
        except LabelStudioFault:
            return False

    def poll(self) -> int | None:
        """The exit status of the process, or None while it runs."""
        return self._process.poll() if self._process else None

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LABEL_STUDIO_")}
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        return inherited | {
            "LABEL_STUDIO_BASE_DATA_DIR": str(data.resolve()),
            "XDG_CONFIG_HOME": str(data.resolve()),  # or else it leaves a file in the home of whoever runs it
            "LABEL_STUDIO_USERNAME": USER,
            "LABEL_STUDIO_PASSWORD": self.password,
            "LABEL_STUDIO_USER_TOKEN": self.token,
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
            "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
            "COLLECT_ANALYTICS": "false",
            "LATEST_VERSION_CHECK": "false",
            "SENTRY_DSN": "",  # or else its error reports, which quote what it works on, leave the house
            "FRONTEND_SENTRY_DSN": "",
            "SSRF_PROTECTION_ENABLED": "false",  # webhooks to our own loopback
            "ML_BLOCK_LOCAL_IP": "false",  # and our own machine-learning backend
        }

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self.poll() is not None:
                raise ServerFault(f"Label Studio ended while starting: {self._last_words()}; its log is {self.log}")
            try:
                if httpx.get(f"{self.url}/health", timeout=2, trust_env=False).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        else:
            raise ServerFault(f"Label Studio did not start within {_START_S} s; its log is {self.log}")
        if not self.runs():
            raise ServerFault(
                f"The data in {self.folder} belong to another token or user than the files beside them say; "
                "put the old files back, or move the folder away to start anew"
            )

    def _last_words(self) -> str:
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing"

    def _end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._number.unlink(missing_ok=True)
        self._alone.release()


def connect(server: LabelStudioServer, env: Path) -> str:
    """Make the project and point the workbench here; gives the address of the project.

    Raises ServerFault where the workbench is connected to some other Label Studio: that is not ours to undo.
    """
    now = Settings(_env_file=env)
    token = now.label_studio_token.get_secret_value() if now.label_studio_token else None
    if now.label_studio_url and token != server.token:
        raise ServerFault(
            f"The workbench is connected to {now.label_studio_url}; to use this server instead, take "
            f"OSTEOLENS_LABEL_STUDIO_URL and OSTEOLENS_LABEL_STUDIO_TOKEN out of the environment and of {env}"
        )
    project = LabelStudio(server.url, server.token).project(MAIN, now.label_studio_project)
    set_values(env, {"OSTEOLENS_LABEL_STUDIO_URL": server.url, "OSTEOLENS_LABEL_STUDIO_TOKEN": server.token})
    return f"{server.url}/projects/{project}"


def free_port() -> int:
    """A port of loopback that nobody listens on in this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left is free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _kept_secret(path: Path, fresh: str) -> str:
    if not path.exists():
        write_private(path, fresh + "\n")
    return path.read_text(encoding="utf-8").strip()


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m annotation.server", description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8080, help="port on loopback (default: 8080)")
    parser.add_argument(
        "--folder", type=Path, help="where it keeps its data (default: label-studio under OSTEOLENS_HOME)"
    )
    parser.add_argument("--env", type=Path, default=ROOT / ".env", help="where the workbench is told (default: .env)")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    server = LabelStudioServer(chosen.folder or Settings().home / "label-studio", chosen.port)
    began = time.monotonic()
    print(f"Starting Label Studio at {server.url} (the first time takes some twenty seconds) ...", flush=True)
    try:
        with server:
            project = connect(server, chosen.env)
            print(
                f"Label Studio is ready after {time.monotonic() - began:.0f} s, and the workbench is connected to it.\n"
                f"  Project    {project}\n"
                f"  User       {USER}\n"
                f"  Password   in {server.folder / 'password'}\n"
                "Ctrl-C ends it; what was labelled is kept.",
                flush=True,
            )
            while server.poll() is None:
                time.sleep(0.5)
            print(f"Label Studio has ended by itself; its log is {server.log}", file=sys.stderr)
            return 1
    except (ServerFault, LabelStudioFault) as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nLabel Studio has ended.")
        return 0


if __name__ == "__main__":
    sys.exit(main())
