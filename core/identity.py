"""Opaque names: the same film gets the same name on one machine, and nobody without the key can link it."""

import hashlib
import hmac
import logging
import os
import re
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np

from core.radiograph import Pixels

log = logging.getLogger(__name__)

_BLOCK = 1 << 16  # pixels quantised at a time
# What stands in place of a patient's number once it was taken out, or was never known.
_NOBODY = frozenset({"anonymous", "anonymized", "anonymised", "anon", "unknown", "none", "n/a", "na", "removed"})


def machine_key(home: Path) -> bytes:
    """The 32-byte key of this installation, made on first use. It never leaves the machine.

    Two processes that start at once agree: the key is written whole under a name of its own, then linked into
    place, and the link fails for all but the first.
    """
    path = home / "key"
    _for_this_account_alone(home)
    if not path.exists():
        draft = home / f"key.{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = path.read_bytes()
    if len(key) != 32:
        raise ValueError(
            f"{path} holds {len(key)} bytes, expected 32; restore it from a copy, or delete it to start anew"
        )
    return key


def naming_key(home: Path) -> bytes:
    """The machine's key; where none is kept and none can be (a full disk, a folder that is read-only), one that lives
    as long as this process. Films are read all the same; their names then link to nothing that is kept."""
    try:
        return machine_key(home)
    except OSError as fault:
        log.warning("no key can be kept under %s (%s): film names hold for this process only", home, fault)
        return _passing_key()


@cache
def _passing_key() -> bytes:
    return secrets.token_bytes(32)


def _for_this_account_alone(home: Path) -> None:
    """The key, the worklist and its films lie under this folder: no other account may look into it."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if home.stat().st_mode & 0o077:
        with suppress(PermissionError):  # another account's folder, shared on purpose
            home.chmod(0o700)


def case_id(pixels: Pixels, key: bytes) -> str:
    """The first 24 hex digits of HMAC-SHA256 over the film at 16 bits: equal pixels, equal name, in whatever file.

    SHA-256 because processors have instructions for it; a block at a time because a block stays in the cache. Both
    matter: every film waits for its name.
    """
    digest = hmac.new(key, repr(pixels.shape).encode(), hashlib.sha256)
    flat = pixels.reshape(-1)
    block = np.empty(min(flat.size, 1 << 16), np.float32)
    for start in range(0, flat.size, block.size):
        part = flat[start : start + block.size]
        rounded = np.multiply(part, 65535, out=block[: part.size])
        rounded += 0.5
        digest.update(rounded.astype("<u2").data)
    return digest.hexdigest()[:24]


def pseudonym(kind: str, value: str, key: bytes) -> str:
    """Keyed hash of an identifier (an annotator's account, a patient number), 12 hex digits."""
    return hashlib.blake2b(f"{kind}:{value}".encode(), key=key, digest_size=6, person=b"osteolens-name").hexdigest()


def patient_pseudonym(number: str, key: bytes) -> str | None:
    """A pseudonym for a patient's number: the same for each visit, whatever blanks, case or zeros stand before it.

    None where there is no number, or one that stands for nobody. Numbers of two hospitals that are alike count as one
    person, which keeps films together that might be kept apart; never the other way round.
    """
    plain = re.sub(r"\s+", "", number).casefold().lstrip("0")
    return None if plain in _NOBODY or not any(map(str.isalnum, plain)) else pseudonym("patient", plain, key)


def key_name(key: bytes) -> str:
    """Which key pseudonyms were made with, without telling it: 12 hex digits."""
    return hashlib.blake2b(key, digest_size=6, person=b"osteolens-who").hexdigest()
