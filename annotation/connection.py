"""A line to Label Studio: requests, and what went wrong with them in one sentence.

Goes by the official SDK, with a legacy token (40 hex digits) or a personal one (JWT, renewed by the SDK).
"""

import ipaddress
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

HINT = "run `make label-studio`, or set OSTEOLENS_LABEL_STUDIO_URL and OSTEOLENS_LABEL_STUDIO_TOKEN"
# A request that was answered by silence may have been carried out: one that makes something is never sent twice.
ONCE: Any = {"max_retries": 0}
_SHOWN_STATUS = 200  # letters of an answer that is quoted in a sentence


class LabelStudioFault(Exception):
    """Label Studio cannot be used at all; the message is one sentence for a person."""


class InterfaceChanged(LabelStudioFault):
    """A project no longer asks what answers are read from; the message is one sentence for a person."""


class ProjectGone(Exception):
    """The project was deleted in Label Studio, or this account may no longer see it."""


class TaskRefused(Exception):
    """Label Studio is well but will not have what was sent; the message is one sentence for a person."""


class TooLarge(Exception):
    """A file that is larger than may be read; the message is one sentence for a person."""


class Connection:
    """A connection to one Label Studio. Nothing is sent until a method is called."""

    def __init__(self, url: str | None, token: str | None, timeout_s: float = 60) -> None:
        url, token = (url or "").strip(), (token or "").strip()
        if not url or not token:
            raise LabelStudioFault(f"Label Studio is not connected: {HINT}")
        if not url.startswith(("http://", "https://")):
            raise LabelStudioFault(
                f"The address of Label Studio is {url!r}, expected one that begins with http:// or https://"
            )
        self.url = url.rstrip("/")
        with self.plainly():
            # A proxy of the environment cannot reach this machine's own loopback, and must not be asked to.
            self._client = httpx.Client(timeout=timeout_s, follow_redirects=True, trust_env=not _is_loopback(self.url))
            from label_studio_sdk import LabelStudio as Sdk  # takes seconds to load, and only the connected need it

            self._sdk = Sdk(base_url=self.url + "/", api_key=token, timeout=timeout_s, httpx_client=self._client)

    def request(self, method: str, path: str, once: bool = False, **options: Any) -> Any:
        """What the server answers, as plain values. once: a request that makes something, never repeated.

        Raises ProjectGone for a project that is not there, as far as `path` names one.
        """
        answer = self.response(method, path, once, **options)
        return answer.json() if answer.content else None

    def response(self, method: str, path: str, once: bool = False, **options: Any) -> httpx.Response:
        """As `request`, with the headers."""
        answer: httpx.Response = self._sdk._client_wrapper.httpx_client.request(
            path, method=method, request_options=ONCE if once else None, **options
        )
        if answer.status_code == 404 and path.startswith("api/projects/"):
            raise ProjectGone(f"project {path.split('/')[2]} is no longer in Label Studio")
        if answer.status_code >= 400:
            raise api_error()(status_code=answer.status_code, body=_json_or_text(answer))
        return answer

    def fetch(self, url: str, most_bytes: int) -> tuple[int, bytes | None, str]:
        """What this Label Studio serves at an address of its own, with our token: status and bytes, or None and where
        it sends one instead (empty where nowhere). Nothing is followed.

        Raises TooLarge as soon as more comes than most_bytes. The caller sees to it that the address is of this server.
        """
        with (
            self.plainly(),
            self._client.stream(
                "GET", url, headers=self._sdk._client_wrapper.get_headers(), follow_redirects=False
            ) as answer,
        ):
            if answer.is_redirect:
                return answer.status_code, None, str(httpx.URL(url).join(answer.headers["location"]))
            if answer.status_code in (401, 403):
                raise api_error()(status_code=answer.status_code, body="the film is not given out with this token")
            if answer.status_code != 200:
                return answer.status_code, None, ""
            parts, size = [], 0
            for part in answer.iter_bytes():
                size += len(part)
                if size > most_bytes:
                    raise TooLarge(f"The film has more than {most_bytes / 1e6:.0f} MB; export a single film")
                parts.append(part)
            return 200, b"".join(parts), ""

    @contextmanager
    def plainly(self, what: str | None = None) -> Iterator[None]:
        """Turn the many ways in which a request fails into one sentence.

        what: the one thing that is sent; a refusal of it is TaskRefused, all else is LabelStudioFault.
        """
        try:
            yield
        except httpx.TimeoutException as error:
            raise LabelStudioFault(f"Label Studio at {self.url} does not answer in time; try again later") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LabelStudioFault(
                f"Label Studio cannot be reached at {self.url} ({error}); is it running? Else {HINT}"
            ) from error
        except api_error() as error:
            if error.status_code is not None and error.status_code < 400:  # said yes, but not in JSON
                raise self._other_program() from error
            if error.status_code in (401, 403):
                raise LabelStudioFault(
                    f"Label Studio at {self.url} refuses the token ({_said(error)}); copy a new one from "
                    "Account & Settings in Label Studio to OSTEOLENS_LABEL_STUDIO_TOKEN"
                ) from error
            if error.status_code in (502, 503, 504):
                raise LabelStudioFault(
                    f"Label Studio at {self.url} is not to be had just now ({error.status_code}); try again later"
                ) from error
            if what is not None:
                raise TaskRefused(f"Label Studio refused {what}: {_said(error)}") from error
            raise LabelStudioFault(f"Label Studio at {self.url} refused: {_said(error)}") from error
        except ValueError as error:  # an answer that is not JSON: some other program listens there
            raise self._other_program() from error

    def _other_program(self) -> LabelStudioFault:
        return LabelStudioFault(
            f"{self.url} responded, but it is not a Label Studio server; check OSTEOLENS_LABEL_STUDIO_URL"
        )


def _is_loopback(url: str) -> bool:
    try:
        host = httpx.URL(url).host
    except httpx.InvalidURL:
        return False  # said in a sentence once it is used
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def api_error() -> Any:
    from label_studio_sdk.core.api_error import ApiError

    return ApiError


def _said(error: Any) -> str:
    """What Label Studio said, without its envelope."""
    body = error.body
    if isinstance(body, dict):
        faults = body.get("validation_errors")
        said = json.dumps(faults, ensure_ascii=False) if faults else str(body.get("detail") or body)
    else:
        said = str(body or "").strip().partition("\n")[0]
    return f"{error.status_code}, {said[:_SHOWN_STATUS]}" if said else str(error.status_code)


def _json_or_text(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text
