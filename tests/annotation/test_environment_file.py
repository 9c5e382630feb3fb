"""The file `.env`: what one sets is set, all else stays, nobody else reads it."""

import stat
from pathlib import Path

from hypothesis import HealthCheck, given, settings, strategies as st

from annotation.environment_file import set_values


def test_only_the_named_lines_change_and_only_the_owner_can_read(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# mine\nOSTEOLENS_HOME=/data\nURL=old\n\nURL_TOO=stays\n")
    set_values(file, {"URL": "new", "TOKEN": "t"})
    assert file.read_text() == "# mine\nOSTEOLENS_HOME=/data\nURL=new\n\nURL_TOO=stays\nTOKEN=t\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


NAMES = st.sampled_from(["A", "B", "OSTEOLENS_X"])
LINES = st.lists(st.one_of(NAMES.map(lambda name: f"{name}=1"), st.sampled_from(["# A=5", "", "OTHER=x", "AB=2"])))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.dictionaries(NAMES, st.text("abc019:/.", min_size=1), min_size=1))
def test_setting_twice_is_setting_once(tmp_path: Path, lines: list[str], values: dict[str, str]) -> None:
    file = tmp_path / ".env"
    file.write_text("\n".join(lines))
    set_values(file, values)
    once = file.read_text()
    set_values(file, values)
    assert file.read_text() == once
    assert {line for line in lines if line.partition("=")[0] not in values} <= set(once.splitlines()) | {""}
    assert all(f"{name}={value}" in once.splitlines() for name, value in values.items())
