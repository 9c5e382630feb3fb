"""Every remark has a code of `NoticeCode` or `Code`, and no code is left that nothing emits."""

import ast
from collections.abc import Iterator
from pathlib import Path

from core.refusal import Code, NoticeCode
from core.settings import ROOT

OURS = {"tests", "bench", "docs", "weights", "samples"}  # folders whose code is not the product's


def emitted() -> Iterator[tuple[str, ast.expr]]:
    """Where each `Notice(...)` of the product stands, and what it gives as its code."""
    for file in sorted(ROOT.rglob("*.py")):
        parts = file.relative_to(ROOT).parts
        if parts[0] in OURS or any(part.startswith(".") for part in parts):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Notice":
                given = node.args[0] if node.args else next(one.value for one in node.keywords if one.arg == "code")
                yield f"{Path(*parts)}:{node.lineno}", given


def test_every_notice_that_is_emitted_has_a_code_of_the_enum() -> None:
    known = {f"Code.{one.name}" for one in Code} | {f"NoticeCode.{one.name}" for one in NoticeCode}
    unknown = [f"{where} {ast.unparse(code)}" for where, code in emitted() if ast.unparse(code) not in known]
    assert not unknown
    assert len(list(emitted())) > 15


def test_no_code_of_the_enum_is_left_that_nothing_emits() -> None:
    said = {ast.unparse(code) for _, code in emitted()}
    assert {one for one in NoticeCode if f"NoticeCode.{one.name}" not in said} == set()


def test_a_notice_code_is_written_as_the_plain_word_it_was() -> None:
    assert f"{NoticeCode.UNSHARP}" == "unsharp"
    assert not set(NoticeCode) & set(Code)
