"""The film of a task: out of Label Studio or out of the task, and never from an address that somebody chose."""

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from annotation.label_studio import LabelStudio, LabelStudioFault
from annotation.live import NoImage, image_of

FILM, TOKEN, MOST = b"film" * 100, "0" * 40, 1000


class Server(ThreadingHTTPServer):
    """Label Studio's storage, as far as it is asked, and what it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        asked = self.asked = []
        answers = self.answers = {"/data/upload/1/film.png": (200, FILM), "/data/big": (200, b"x" * (MOST + 1))}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append((self.path, self.headers.get("Authorization")))
                status, body = answers.get(self.path, (404, b""))
                self.send_response(status)
                if status in (301, 302, 307):
                    self.send_header("Location", body.decode())
                    body = b""
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.shutdown()


@pytest.fixture
def other() -> Iterator[Server]:
    one = Server()
    yield one
    one.shutdown()


def fetched(server: Server, address: object) -> bytes:
    return image_of(address, 7, LabelStudio(server.url, TOKEN), MOST)


def test_an_uploaded_film_comes_with_our_token(server: Server) -> None:
    for address in ("/data/upload/1/film.png", f"{server.url}/data/upload/1/film.png"):
        assert fetched(server, address) == FILM
    assert server.asked == [("/data/upload/1/film.png", f"Token {TOKEN}")] * 2


def test_a_film_in_label_studios_own_storage_is_opened_by_label_studio(server: Server) -> None:
    told = base64.urlsafe_b64encode(b"s3://films/a.png").decode()
    server.answers[f"/tasks/7/resolve/?fileuri={told}"] = (302, b"/data/upload/1/film.png")
    assert fetched(server, "s3://films/a.png") == FILM


@pytest.mark.parametrize("name", ["data:image/png;base64,", "data:;base64,", "data:image/png;charset=utf-8;base64,"])
def test_a_film_may_stand_in_the_task(server: Server, name: str) -> None:
    assert fetched(server, name + base64.b64encode(FILM).decode()) == FILM
    assert server.asked == []


def test_nothing_is_asked_of_another_host_not_even_by_a_detour(server: Server, other: Server) -> None:
    port = other.server_address[1]
    server.answers["/data/away"] = (302, f"{other.url}/data/upload/1/film.png".encode())
    addresses = [
        f"{other.url}/data/upload/1/film.png",
        f"//127.0.0.1:{port}/data/upload/1/film.png",
        f"http://localhost:{port}/data/upload/1/film.png",
        server.url.replace("http://", "http://x@") + f"@127.0.0.1:{port}/",
        f"{server.url}\\@127.0.0.1:{port}/",
        f"{server.url}.example.org/film.png",
        server.url.replace("http", "https") + "/data/upload/1/film.png",
        "/data/away",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:1/film",
        "http://[",
    ]
    for address in addresses:
        with pytest.raises(NoImage):
            fetched(server, address)
    assert other.asked == []
    assert all(path in ("/data/away",) or "/resolve/" in path for path, _ in server.asked), server.asked


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (None, "no film"),
        (5, "no film"),
        ("", "no film"),
        ("../film.png", "none that Label Studio serves"),
        ("/data/gone.png", "404"),
        ("/data/big", "more than"),
        ("/data/round", "from one address to the next"),
        ("data:image/png,abc", "not base64"),
        ("data:image/png;base64,%%%", "not base64"),
        ("data:image/png;base64," + "A" * 2000, "larger than"),
    ],
)
def test_what_cannot_be_had_is_said_in_a_sentence(server: Server, address: object, said: str) -> None:
    server.answers["/data/round"] = (302, b"/data/round")
    with pytest.raises(NoImage, match=said):
        fetched(server, address)


def test_a_token_that_is_refused_is_label_studios_fault_not_the_films(server: Server) -> None:
    server.answers["/data/secret"] = (403, b"no")
    with pytest.raises(LabelStudioFault, match="refuses the token"):
        fetched(server, "/data/secret")
