import re

import pytest

from core.refusal import Code
from core.settings import ROOT, Settings


def test_the_readme_documents_every_setting_and_no_other() -> None:
    documented = set(re.findall(r"^\| `OSTEOLENS_([A-Z_]+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert documented == {name.upper() for name in Settings.model_fields}


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_checks_that_only_warn_are_given_by_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTEOLENS_WARN_ONLY", "implant, exposure")
    assert Settings().warn_only == (Code.IMPLANT, Code.EXPOSURE)


def test_an_unknown_check_is_refused_by_the_setting_s_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTEOLENS_WARN_ONLY", "ugliness")
    with pytest.raises(ValueError, match="warn_only"):
        Settings()


def test_the_token_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSTEOLENS_LABEL_STUDIO_TOKEN", "a" * 40)
    assert "aaaa" not in repr(Settings())
