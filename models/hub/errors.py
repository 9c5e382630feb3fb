"""What goes wrong between here and a hub, in one sentence."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class HubFault(Exception):
    """The hub did not do what was asked of it: one sentence."""


@contextmanager
def told(what: str) -> Iterator[None]:
    """Faults of the hub or of the way to it, as HubFault. what: what was tried."""
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HTTPError as NotReached,  # of whichever client the library speaks HTTP with
        LocalTokenNotFoundError,
        RepositoryNotFoundError,
    )

    for client in ("httpx", "httpx2"):  # a line a request would hide the one that counts
        logging.getLogger(client).setLevel(logging.WARNING)
    try:
        yield
    except RepositoryNotFoundError as fault:
        raise HubFault(
            f"{what} failed: there is no such repository, or it is private; check its name and log in with `hf auth "
            "login` or HF_TOKEN"
        ) from fault
    except LocalTokenNotFoundError as fault:
        raise HubFault(f"{what} failed: nobody is logged in; use `hf auth login`, or set HF_TOKEN") from fault
    except HfHubHTTPError as fault:
        status = fault.response.status_code if fault.response is not None else None
        if status in (401, 403):
            raise HubFault(
                f"{what} failed: the hub does not allow it ({status}); use a token that may write there, by `hf auth "
                "login` or HF_TOKEN"
            ) from fault
        said = (fault.server_message or str(fault).splitlines()[0]).strip()
        raise HubFault(f"{what} failed: {said}; try again later") from fault
    except (NotReached, OSError) as fault:
        said = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise HubFault(f"{what} failed: the hub cannot be reached ({said}); connect to it, then try again") from fault
