"""The ledger's tables: brought up to date as it opens, whoever wrote it, and however many open it at once."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import annotation.ledger
from annotation.ledger import Ledger, LedgerFault, State
from annotation.ledger.schema import VERSIONS
from annotation.ledger.tables import metadata

ROOT = Path(__file__).resolve().parents[2]
DUMP = Path(__file__).parent / "data" / "ledger_before_versions.sql"
MIGRATIONS = Path(annotation.ledger.__file__).parent / "migrations"
TABLES = ("cases", "transitions", "answers", "withdrawn_answers", "set_aside")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A ledger as the last version without migrations left it."""
    file = tmp_path / "ledger.sqlite"
    with sqlite3.connect(file) as connection:
        connection.executescript(DUMP.read_text())
    return file


def rows(file: Path, table: str) -> list[dict]:
    with sqlite3.connect(file) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY id")]


def test_a_ledger_from_before_versions_opens_without_losing_a_row(old: Path) -> None:
    before = {table: rows(old, table) for table in TABLES}
    assert all(before.values())
    ledger = Ledger(f"sqlite:///{old}")
    for table in TABLES:
        after = [{name: value for name, value in row.items() if name in before[table][0]} for row in rows(old, table)]
        renamed = [{name: value for name, value in row.items() if name != "holder"} for row in before[table]]
        assert after == renamed
    assert [row["owner"] for row in rows(old, "cases")] == [row["holder"] for row in before["cases"]]
    with sqlite3.connect(old) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(VERSIONS[-1],)]

    assert {state for state, number in ledger.counts().items() if number} == set(State) - {State.HELD, State.DROPPED}
    (one, two, three) = ledger.answers()
    assert one.outlines == {"total_hip": (((1.0, 2.0), (3.0, 4.0), (5.0, 2.0)),)}  # of one polygon
    assert [len(pieces) for pieces in two.outlines.values()] == [2]
    assert (three.label, three.side) == (None, "L")
    assert [label for _, label, _ in ledger.history(4)] == ["normal", None]
    asked = {task.entry: (task.project_id, task.task_id, task.state) for task in ledger.tasks_of_project(7).values()}
    assert asked == {3: (7, 102, "pushed"), 4: (7, 103, "answered"), 5: (7, 104, "answered")}
    assert [task.state for task in ledger.tasks_of_case(7)] == ["gone"]


def test_an_old_ledger_works_on_after_it_was_opened(old: Path) -> None:
    ledger = Ledger(f"sqlite:///{old}")
    (died,) = ledger.entries(State.PUSHING)
    assert ledger.claim(died.id, "new", dead={"old-holder"}) == State.PUSHING
    ledger.pushed(died.id, "new", 7, 200)
    (gone,) = ledger.entries(State.GONE)
    ledger.enter(gone.case_id, gone.recipe, ["requested"], {"side": "R"})
    assert ledger.entry(gone.case_id, gone.recipe).state == State.WAITING


def test_a_ledger_without_the_tables_that_came_later_gets_them(old: Path) -> None:
    with sqlite3.connect(old) as connection:
        connection.executescript("DROP TABLE withdrawn_answers; DROP TABLE set_aside;")
    ledger = Ledger(f"sqlite:///{old}")
    assert len(ledger.answers()) == 3
    assert ledger.history(4) == []


def test_a_ledger_of_a_newer_version_is_refused_in_a_sentence_and_left_alone(old: Path) -> None:
    Ledger(f"sqlite:///{old}").close()
    with sqlite3.connect(old) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9000'")
    before = old.read_bytes()
    with pytest.raises(LedgerFault, match=r"schema 9000, written by a newer version.*update Osteolens") as fault:
        Ledger(f"sqlite:///{old}")
    assert "\n" not in str(fault.value)
    assert old.read_bytes() == before


def test_processes_that_open_an_old_ledger_at_once_upgrade_it_once(old: Path) -> None:
    words = [
        sys.executable,
        "-c",
        "import sys; from annotation.ledger import Ledger; print(len(Ledger(sys.argv[1]).answers()))",
        f"sqlite:///{old}",
    ]
    opened = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=120)[0].strip() for process in opened] == ["3"] * 4
    assert len(rows(old, "tasks")) == 4


def test_an_upgrade_that_breaks_off_leaves_the_old_ledger(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    def break_off(*arguments: object, **options: object) -> None:
        raise sa.exc.OperationalError("no", {}, Exception("disk full"))

    with monkeypatch.context() as patched:
        patched.setattr(op, "add_column", break_off)
        with pytest.raises(LedgerFault, match="disk full"):
            Ledger(f"sqlite:///{old}")
    with sqlite3.connect(old) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names == set(TABLES)
    assert len(Ledger(f"sqlite:///{old}").answers()) == 3


def test_the_migrations_end_where_the_tables_stand(tmp_path: Path) -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(VERSIONS)
    Ledger(f"sqlite:///{tmp_path / 'new.sqlite'}").close()
    with sa.create_engine(f"sqlite:///{tmp_path / 'new.sqlite'}").connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_opening_a_ledger_that_is_up_to_date_does_not_load_the_migrations(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    Ledger(url).close()
    look = "import sys; from annotation.ledger import Ledger; Ledger(sys.argv[1]); print('alembic' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", look, url], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
