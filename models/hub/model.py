"""A classifier as transformers knows models: built from its config, and answering with logits."""

from typing import Any

from torch import Tensor
from transformers import PreTrainedModel
from transformers.modeling_outputs import ImageClassifierOutput

from models.classifier import Classifier
from models.plain_config import OsteolensConfig


class OsteolensForImageClassification(PreTrainedModel):
    """The network that `kind` builds, under the names its weights are stored by.

    pixel_values [B, 3, H, W] as OsteolensImageProcessor gives them. Its logits [B, K] are the network's own: the
    pipeline beside it applies what was fitted to them.
    """

    config_class = OsteolensConfig
    main_input_name = "pixel_values"
    kind: type[Classifier]

    def __init__(self, config: OsteolensConfig) -> None:
        super().__init__(config)
        ours = config.osteolens
        classifier = self.kind(len(ours["labels"]), **ours["options"])
        for name, layers in classifier.network.named_children():
            setattr(self, name, layers)
        self._classifier = [classifier]  # in a list: its layers are known here by their stored names, and once
        self.post_init()

    def forward(
        self, pixel_values: Tensor, clinical: Tensor | None = None, labels: Tensor | None = None, **_: Any
    ) -> ImageClassifierOutput:
        """clinical [B, K]: what is known of the person, standardised and flagged, for a network that is told it; unless
        given, nothing is known. labels: classes [B], or scores [B, K], to learn from."""
        (classifier,) = self._classifier
        classifier.training = classifier.network.training = self.training
        beside: tuple[Tensor, ...] = ()
        if classifier.not_known:
            unknown = pixel_values.new_tensor(classifier.not_known).expand(len(pixel_values), -1)
            beside = (unknown if clinical is None else clinical,)
        logits = classifier(pixel_values, *beside).logits
        loss = None if labels is None else self.loss_function(labels, logits, self.config)
        return ImageClassifierOutput(loss=loss, logits=logits)
