"""How a network that transformers does not know is described in `config.json`."""

from typing import Any

from transformers import PreTrainedConfig

from models.classifier import OWN_TYPE, numbered


class OsteolensConfig(PreTrainedConfig):
    """The config of a network that transformers does not know, in the form of those it does."""

    model_type = OWN_TYPE

    @classmethod
    def of(cls, outputs: int, **options: Any) -> "OsteolensConfig":
        """With the options the network was built from."""
        return cls.from_dict({"id2label": numbered(outputs), **options})
