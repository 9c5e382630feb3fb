"""How a training tells of itself while it runs."""

from collections.abc import Callable, Mapping

# Network; epochs learned, with what is done of the next one as a fraction; epochs in all; at the end of an epoch its
# figures, otherwise none: `loss` on the films learned from, `held_out_loss` and others on those held out.
Watch = Callable[[str, float, int, Mapping[str, float]], None]
