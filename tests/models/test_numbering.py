"""Which version a new bundle gets."""

from pathlib import Path

import pytest

from models.numbering import version_for


def test_a_version_that_nobody_named_is_the_next_one_free(tmp_path: Path) -> None:
    for root, version in (("weights", "0.9.0"), ("weights", "0.10.2"), ("out", "0.10.3")):
        (tmp_path / root / "knee_resnet" / version).mkdir(parents=True)
    roots = (tmp_path / "out", tmp_path / "weights")
    assert version_for("knee_resnet", None, "0.1.0", *roots) == "0.10.4"
    (tmp_path / "other" / "knee_resnet" / "0.11.0").mkdir(parents=True)
    others = (tmp_path / "other",)
    assert version_for("knee_resnet", None, "0.1.0", *roots, others=others) == "0.11.1"
    assert version_for("knee_resnet", "0.11.0", "0.1.0", *roots, others=others) == "0.11.0"
    assert version_for("hip_vit", None, "0.1.0", *roots) == "0.1.0"
    with pytest.raises(ValueError, match="exists already"):
        version_for("knee_resnet", "0.9.0", "0.1.0", *roots)
