"""`python -m backend`, which is `make backend`: the machine-learning backend of Label Studio.

Listens on loopback unless HOST says otherwise, and then only with a password (OSTEOLENS_BACKEND_PASSWORD). PORT is
9090.
"""

import ipaddress
import logging
import os
import sys

from core.settings import settings
from core.system.port import complaint


def main() -> None:
    logging.basicConfig(level=settings().log_level, format="%(levelname)s %(message)s", stream=sys.stderr)
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "9090"
    secret = settings().backend_password
    password = secret.get_secret_value() if secret else ""
    if sentence := complaint(host, port, "PORT"):
        sys.exit(sentence)
    if not password and not _is_loopback(host):
        sys.exit(f"HOST is {host!r}, which other machines reach: set OSTEOLENS_BACKEND_PASSWORD first")
    import uvicorn

    from backend.app import build  # network libraries take seconds to load

    print(f"The backend answers at http://{host}:{port}; connect it in Label Studio under Settings, Model.", flush=True)
    uvicorn.run(build(settings().backend_user, password, int(port)), host=host, port=int(port), log_config=None)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    main()
