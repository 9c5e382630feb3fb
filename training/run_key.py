"""What a run was given, as one short key: a run with anything else never goes on from it."""

import hashlib
from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

PLAIN = (str, bytes, int, float, bool, type(None), np.generic, Path)


def run_key(*parts: object) -> str:
    """Sixteen hex digits of the content of arrays, tensors, networks (their weights), dataclasses and plain values, in
    any nesting of sequences and mappings. Raises TypeError for anything else, which could change unnoticed."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()


def _feed(digest: "hashlib.blake2b", part: object) -> None:
    digest.update(f"<{type(part).__name__}>".encode())
    if isinstance(part, Tensor):
        part = part.detach().cpu()
        _feed(digest, part.view(torch.int16).numpy() if part.dtype == torch.bfloat16 else part.numpy())
    elif isinstance(part, np.ndarray):
        digest.update(f"{part.dtype}{part.shape}".encode())
        digest.update(np.ascontiguousarray(part).tobytes() if part.dtype != object else repr(part.tolist()).encode())
    elif isinstance(part, nn.Module):
        _feed(digest, dict(part.state_dict()))
    elif isinstance(part, PLAIN) or (is_dataclass(part) and not isinstance(part, type)):
        digest.update(repr(part).encode())
    elif isinstance(part, Mapping):
        for name, value in part.items():
            _feed(digest, (name, value))
    elif isinstance(part, list | tuple):
        for value in part:
            _feed(digest, value)
    else:
        raise TypeError(f"found a {type(part).__name__} to key a run by, expected arrays, networks and plain values")
