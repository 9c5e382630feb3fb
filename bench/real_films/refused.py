"""Part 7: metal and infants are refused, and told as what they are; films without metal are not called metal."""

from pathlib import Path
from typing import Any

import reading
from bench.real_films.answers import DOOR, asked
from bench.real_films.films import files
from bench.real_films.persons import percent, share
from core.refusal import Code, Refused
from imaging import read_radiograph
from imaging.checks import implant
from imaging.upright import upright

WITHOUT_METAL = {
    "AP pelves (pelvis_ap)": ("pelvis_ap", "films/*"),
    "knees (knee_qus)": ("knee_qus", "images/*"),
    "knee crops (knee_binary)": ("knee_binary", "**/*"),
    "lateral spines (spine_lateral)": ("spine_lateral", "*"),
    "chests and AP spines (wrong_site)": ("wrong_site", "**/*"),
    "infants' pelves (hip_infant)": ("hip_infant", "*"),
}


def section(fewer: int | None) -> list[str]:
    """The page's lines. fewer: every n-th film alone, while developing."""
    lines = [
        "The check for metal alone, on films without metal. Its bounds were set with these films in view; others of "
        "their kind may show more. A few knees and crops are copies of one another.",
        "",
        "| films without metal | read in | called metal |",
        "|---|---|---|",
    ]
    for name, (folder, pattern) in WITHOUT_METAL.items():
        paths = files(folder, pattern)[:: fewer or 1]
        said = [one for one in asked("metal", paths, _key, _is_metal, DOOR) if one is not None]
        if said:
            rate = percent(share([str(number) for number in range(len(said))], said))
            lines.append(f"| {name} | {len(said)} | {sum(said)}: {rate} |")
    lines += ["", *_metal(fewer), "", *_infants(fewer)]
    return lines


def _metal(fewer: int | None) -> list[str]:
    paths = files("hip_metal", "*.png")[:: fewer or 1]
    if not paths:
        return ["No hips with metal were at hand."]
    rows = asked("door", paths, _key, _door)
    person = [path.stem for path in paths]
    refused = share(person, [one["status"] == "refused" for one in rows])
    told = share(person, [one["code"] == Code.IMPLANT for one in rows])
    return [
        f"**{len(paths)} crops of hips with stems** (hip_metal), read with the recipe chosen by itself: refused "
        f"{percent(refused)}; told as metal {percent(told)}. {_codes(rows)}"
    ]


def _infants(fewer: int | None) -> list[str]:
    paths = files("hip_infant", "*")[:: fewer or 1]
    if not paths:
        return ["No infants' pelves were at hand."]
    rows = asked("door", paths, _key, _door)
    refused = sum(one["status"] == "refused" for one in rows)
    return [f"**Infants' pelves** (hip_infant, {len(paths)} files): {refused} refused. {_codes(rows)}"]


def _codes(rows: list[dict[str, Any]]) -> str:
    counts: dict[str, int] = {}
    for one in rows:
        what = one["code"] or f"read as {one['recipe']}"
        counts[what] = counts.get(what, 0) + 1
    return "What became of them: " + ", ".join(f"`{code}` {n}" for code, n in sorted(counts.items())) + "."


def _key(path: Path) -> str:
    return f"{path.parent.name}-{path.name}"


def _is_metal(path: Path) -> bool | None:
    """None for a film that the door does not take in at all."""
    try:
        film = upright(read_radiograph(path.read_bytes(), path.name)).film
    except Refused:
        return None
    return implant(film) is not None


def _door(path: Path) -> dict[str, Any]:
    one = reading.read(path.read_bytes(), path.name)[0]
    return {"status": one.status, "recipe": one.recipe, "code": one.refusal.code if one.refusal else None}
