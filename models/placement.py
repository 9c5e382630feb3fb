"""Networks on the device that runs them: placed once a device, and never moved while another thread runs them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import deepcopy
from threading import Lock
from typing import TypeVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

Net = TypeVar("Net", bound=nn.Module)
State = tuple[tuple[int, int], ...]  # where each tensor lies, and how often it was changed in place

_guard = Lock()  # of the two tables below
_copies: WeakKeyDictionary[nn.Module, dict[torch.device, tuple[State, nn.Module]]] = WeakKeyDictionary()
_turns: dict[torch.device, Lock] = {}


def place(network: Net, on: torch.device) -> Net:
    """The network on a device: itself where it is there already, else a copy that is made once and kept as long as the
    network is. A network whose weights have changed since is copied again.

    The network itself is never moved: another thread may be running it.
    """
    on = torch.empty(0, device=on).device  # with its number: a tensor on "cuda" says "cuda:0"
    tensors = [*network.parameters(), *network.buffers()]
    if all(tensor.device == on for tensor in tensors):
        return network
    state = tuple((tensor.data_ptr(), _version(tensor)) for tensor in tensors)
    with _guard:
        copies = _copies.setdefault(network, {})
        known = copies.get(on)
        if known is None or known[0] != state:
            with torch.inference_mode(False):  # weights copied inside it would give no gradients ever after
                known = copies[on] = state, deepcopy(network).to(on)
    copy = known[1]
    assert isinstance(copy, type(network))
    return copy


def taking_turns(on: torch.device) -> AbstractContextManager[None]:
    """Entered around each run of a network. Any number of threads at once on CPUs: a forward pass writes to nothing
    they share, and whether gradients are kept is each thread's own. One at a time on an accelerator: two films at once
    would take twice the memory, and Metal's command buffers allow one thread only."""
    return nullcontext() if on.type == "cpu" else _one_at_a_time(on)


@contextmanager
def _one_at_a_time(on: torch.device) -> Iterator[None]:
    with _guard:
        lock = _turns.setdefault(on, Lock())
    with lock:
        yield


def _version(tensor: Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version
