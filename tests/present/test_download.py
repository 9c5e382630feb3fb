import json

from present.download import download_name, json_lines
from tests.readings import a_reading, a_refusal


def test_each_line_is_the_row_of_a_reading() -> None:
    right, left = a_reading(side="R"), a_reading(side="L")
    lines = json_lines([right, left]).splitlines()
    assert [json.loads(line) for line in lines] == [json.loads(json.dumps(one.row())) for one in (right, left)]


def test_the_file_is_named_by_case_or_code_never_by_the_upload() -> None:
    assert download_name([a_reading(path="Doe.dcm")]) == f"osteolens-{0:024x}.jsonl"
    assert download_name([a_refusal()]) == "osteolens-too_small.jsonl"
