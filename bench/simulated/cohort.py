"""Shape and density of a cohort beside published figures."""

from concurrent.futures import ProcessPoolExecutor

import numpy as np
import numpy.typing as npt

from simulation import loss, socket
from simulation.anatomy import femur
from simulation.patient import draw

SEED = 20
SOUND = {"R": 0.0, "L": 0.0}  # hips without arthritis or dysplasia


def _person(index: int) -> dict[str, float | str]:
    patient = draw(np.random.default_rng([SEED, index, 0]))
    _, shape, dxa = loss.measured(patient, np.random.default_rng([SEED, index, 1]))
    return {
        "sex": patient.sex,
        "age": patient.age_years,
        "neck": dxa.abmd["femoral_neck"],
        "total": dxa.abmd["total_hip"],
        "trochanter": dxa.abmd["greater_trochanter"],
        "ward": dxa.abmd["wards_triangle"],
        "label": dxa.label,
        "t_neck": dxa.t_scores["femoral_neck"],
        "t_total": dxa.t_scores["total_hip"],
        "angle": shape.neck_shaft_angle,
        "head": 2 * femur.HEAD_RADIUS * shape.head * shape.size,
        "joint": socket.draw(np.random.default_rng([SEED, index, 2]), SOUND, SOUND)["L"].joint,
        "fracture": float(patient.prevalent_fracture),
        "incident": float(patient.incident_fracture),
        "years": patient.fracture_years,
        "aim": patient.neck_aim,
    }


def cohort(pool: ProcessPoolExecutor, people: int = 1000) -> str:
    """Shape and density of a cohort beside published figures."""
    rows = list(pool.map(_person, range(people), chunksize=10))

    def of(name: str, sex: str, low: float = 0, high: float = 200) -> npt.NDArray[np.float64]:
        return np.array(
            [row[name] for row in rows if row["sex"] == sex and low <= float(row["age"]) < high], dtype=float
        )

    def cell(values: npt.NDArray[np.float64], digits: int) -> str:
        return f"{values.mean():.{digits}f} ({values.std():.{digits}f})" if len(values) > 1 else "-"

    lines = [
        "## The cohort",
        "",
        f"{people} people, seed {SEED}; mean (SD), measured on the bodies by the virtual DXA. Published: neck-shaft "
        "angle "
        "and head diameter as in `simulation/anatomy/femur.py`; the joint on films of both sexes as in "
        "`simulation/socket.py`; density of white adults in NHANES III (Looker et al. "
        "1998), in round figures as in `simulation/patient.py`.",
        "",
        "| measure | women | published | men | published |",
        "|---|---|---|---|---|",
        f"| neck-shaft angle, degrees | {cell(of('angle', 'F'), 1)} | 127 (5) | {cell(of('angle', 'M'), 1)} | 127 (5) "
        "|",
        f"| head diameter, mm | {cell(of('head', 'F'), 1)} | 43 (2.5) | {cell(of('head', 'M'), 1)} | 48 (2.7) |",
        f"| joint above the head, mm | {cell(of('joint', 'F'), 1)} | 4.2 (0.9) | {cell(of('joint', 'M'), 1)} | "
        "4.2 (0.9) |",
    ]
    published = {
        "F": {50: "0.75 (0.12)", 60: "0.69 (0.11)", 70: "0.64 (0.11)", 80: "0.59 (0.11)"},
        "M": {50: "0.83 (0.13)", 60: "0.80 (0.14)", 70: "0.77 (0.14)", 80: "0.72 (0.15)"},
    }
    for age in (50, 60, 70, 80):
        lines.append(
            f"| femoral neck, {age}-{age + 9} y, g/cm2 | {cell(of('neck', 'F', age, age + 10), 3)} | "
            f"{published['F'][age]} "
            f"| {cell(of('neck', 'M', age, age + 10), 3)} | {published['M'][age]} |"
        )
    for name, title in (("total", "total hip"), ("trochanter", "trochanter"), ("ward", "Ward's area")):
        lines.append(
            f"| {title}, 50 y and older, g/cm2 | {cell(of(name, 'F', 50), 3)} | | {cell(of(name, 'M', 50), 3)} | |"
        )
    for sex, title, osteoporosis, osteopenia in (("F", "Women", "13-18", "37-50"), ("M", "Men", "1-4", "15-33")):
        old = [row for row in rows if row["sex"] == sex and float(row["age"]) >= 50]
        lowest = np.array([[float(row["t_neck"]), float(row["t_total"])] for row in old])
        share = {
            region: f"{(t <= -2.5).mean():.0%} and {((t > -2.5) & (t < -1)).mean():.0%}"
            for region, t in (("neck", lowest[:, 0]), ("total", lowest[:, 1]), ("lower", lowest.min(1)))
        }
        lines += [
            "",
            (
                f"{title} of 50 and older (mean age {np.mean([float(row['age']) for row in old]):.0f}): osteoporosis "
                f"and osteopenia {share['neck']} by the femoral neck, {share['total']} by the total hip, "
                f"{share['lower']} by the lower of both. In the United States, by one region against young white "
                f"women: {osteoporosis} % and {osteopenia} % (Looker et al. 1997). The target is a department's "
                "cohort, older than a nation's."
            ),
        ]
    neck, total = (np.array([float(row[name]) for row in rows]) for name in ("neck", "total"))
    aim = np.array([float(row["aim"]) for row in rows])
    event = np.array([float(row["incident"]) for row in rows])
    lines += [
        "",
        (
            f"Neck and total hip correlate with r = {np.corrcoef(neck, total)[0, 1]:.2f}, about 0.85 in DXA studies. "
            "The neck comes out "
            f"{np.mean(neck - aim):+.3f} "
            f"(SD {np.std(neck - aim):.3f}) g/cm2 from the density the body was built for; what counts as truth is "
            "what the virtual "
            f"DXA measures. Prevalent vertebral fracture {np.mean([float(r['fracture']) for r in rows]):.0%}, "
            "incident fracture "
            f"{event.mean():.0%} over {np.mean([float(r['years']) for r in rows]):.1f} years."
        ),
    ]
    return "\n".join(lines)
