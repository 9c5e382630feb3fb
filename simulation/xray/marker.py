"""The lead letter that tells the side."""

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor


def letter(text: str, shape: tuple[int, int], at: tuple[float, float], height_px: float) -> Tensor:
    """1 where the lead lies, 0 elsewhere, [H, W]; `at` is the letter's middle as shares of the film (x, y)."""
    picture = Image.new("L", (shape[1], shape[0]))
    font = ImageFont.load_default(size=max(6.0, height_px))
    ImageDraw.Draw(picture).text((at[0] * shape[1], at[1] * shape[0]), text, fill=255, font=font, anchor="mm")
    return torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255)
