"""Where on the film an answer came from."""

import numpy as np
import numpy.typing as npt


def grad_cam(maps: npt.NDArray[np.floating], gradients: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Grad-CAM (Selvaraju et al., ICCV 2017): maps and the answer's gradients on them [C, h, w] to [h, w] in 0..1.

    All zeros where nothing spoke for the answer.
    """
    weights = gradients.mean((1, 2))
    heat = np.maximum(np.tensordot(weights, maps, axes=1), 0)
    top = heat.max()
    return np.asarray(heat / top if top > 0 else heat, np.float32)
