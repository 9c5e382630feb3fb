# Made from Osteolens, Apache-2.0: models/hub/pipeline.py.
"""The pipeline of transformers for this project's classifiers: films as they are, and probabilities as calibrated."""

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import ImageClassificationPipeline


class OsteolensPipeline(ImageClassificationPipeline):
    """`pipeline("image-classification", FOLDER, trust_remote_code=True)`.

    Takes a file's path, a PIL picture of any depth, or an array [H, W] in 0..1, masked where there is no film. Its
    scores are those that a reading gives for this one network: what was fitted to its logits is applied to them.
    """

    def check_model_type(self, supported_models: Any) -> None:
        """Whatever stands beside this file is supported by it."""

    def preprocess(self, image: Any, timeout: float | None = None) -> Any:  # type: ignore[override]
        if isinstance(image, (str, Path)) and Path(image).is_file():
            image = Image.open(image)  # not by load_image, which turns 16 bits into 8
        if isinstance(image, Image.Image) or not isinstance(image, str):
            return self.image_processor(images=image, return_tensors="pt").to(self.dtype)  # type: ignore[misc]
        return super().preprocess(image, timeout=timeout)

    def postprocess(self, model_outputs: Any, *options: Any, **named: Any) -> Any:
        ours, logits = self.model.config.osteolens, model_outputs["logits"].double()
        line = [torch.tensor(ours[name], dtype=logits.dtype) for name in ("slope", "shift")]
        return super().postprocess({"logits": logits * line[0] + line[1]}, *options, **named)
