"""A network's plain answers to many films, one at a time, as a reading shows them."""

import numpy as np
import numpy.typing as npt
import torch

from core.radiograph import Pixels
from imaging.preprocess import Preprocess
from models.networks import Classifier


@torch.inference_mode()
def forward(
    network: Classifier,
    films: npt.NDArray[np.uint8],
    preprocess: Preprocess,
    on: torch.device,
    clinical: npt.NDArray[np.float32] | None = None,
) -> tuple[Pixels, Pixels]:
    """Logits [N, K] and features [N, D] of films uint8 [N, H, W]. clinical: what is known of each person [N, 2 C], for
    a network that takes it."""
    network = network.to(on)
    logits, features = [], []
    for row, film in enumerate(films):
        image = torch.from_numpy(preprocess.tensor(film.astype(np.float32) / 255))[None].to(on)
        beside = () if clinical is None else (torch.from_numpy(clinical[row])[None].to(on),)
        output = network(image, *beside)
        logits.append(output.logits[0].float().cpu().numpy())
        features.append(output.features[0].float().cpu().numpy())
    network.cpu()
    return np.stack(logits), np.stack(features)
