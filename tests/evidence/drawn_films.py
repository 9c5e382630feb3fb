"""Films that nobody else has, and what is done to a film that is passed on."""

import cv2
import numpy as np


def drawn(seed: int) -> np.ndarray:
    """A textured picture that no two seeds share."""
    random = np.random.default_rng(seed)
    picture = np.zeros((400, 300), np.float32)
    for _ in range(160):
        x, y = int(random.integers(300)), int(random.integers(400))
        axes = int(random.integers(4, 30)), int(random.integers(4, 30))
        cv2.ellipse(picture, (x, y), axes, float(random.integers(180)), 0, 360, float(random.uniform(0.2, 1)), -1)
    return cv2.GaussianBlur(picture, (0, 0), 1.5)


CHANGES = {
    "resaved with loss": lambda film: (
        cv2.imdecode(cv2.imencode(".jpg", (film * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 0).astype(
            np.float32
        )
        / 255
    ),
    "half the size": lambda film: cv2.resize(film, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "cropped": lambda film: film[60:330, 40:260],
    "brighter": lambda film: np.clip(film * 0.7 + 0.2, 0, 1).astype(np.float32),
    "mirrored": lambda film: np.ascontiguousarray(film[:, ::-1]),
    "turned a little": lambda film: cv2.warpAffine(film, cv2.getRotationMatrix2D((150, 200), 6, 1.0), (300, 400)),
}
