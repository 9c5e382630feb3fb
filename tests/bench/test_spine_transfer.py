"""Who teaches and who answers when a network meets films of another kind."""

import numpy as np
import pytest

from bench.spine_transfer import ARMS, AS_IT_COMES, TAUGHT, Table, parted


def spines(films: int, each: int = 1) -> tuple[list[str], np.ndarray]:
    """Films of people with `each` films, a third of whom broke a vertebra, and one of whom nobody knows."""
    answers = np.array([[number // each % 3 == 0, number // each % 5 == 0] for number in range(films)], np.float32)
    answers[-each:] = np.nan
    return [f"p{number // each}" for number in range(films)], answers


@pytest.mark.parametrize("each", [1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_nobody_teaches_and_answers_and_both_sides_have_the_same_mix(each: int, seed: int) -> None:
    people, answers = spines(120 * each, each)
    taught, asked = parted(people, answers, seed)
    assert sorted(taught + asked) == list(range(120 * each))
    assert not {people[row] for row in taught} & {people[row] for row in asked}
    assert len(taught) == pytest.approx(TAUGHT * len(people), abs=each)
    broken = answers[:, 0]
    assert np.nanmean(broken[taught]) == pytest.approx(np.nanmean(broken[asked]), abs=0.05)
    assert parted(people, answers, seed) == (taught, asked)


def test_too_few_people_are_refused() -> None:
    with pytest.raises(ValueError, match="found films of 7 patients"):
        parted(*spines(7), 0)


def test_the_table_holds_every_arm_against_the_network_as_it_comes() -> None:
    random = np.random.default_rng(0)
    truth = (random.random((80, 2)) < 0.4).astype(float)
    truth[:5, 1] = np.nan
    told = {arm.name: random.normal(size=(80, 2)) for arm in ARMS}
    told["all"] = np.nan_to_num(truth) * 9 + random.normal(size=(80, 2))
    said = "\n".join(Table("x 1", ("vertebral_fracture", "osteoporosis"), 30, truth, told).lines())
    assert "of 80 films" in said
    assert "of 75 films" in said
    best = [line for line in said.splitlines() if line.startswith("| all of it taught")]
    assert len(best) == 2
    assert all("| 1.000 (" in line and "< 0.001" in line for line in best)
    first = next(line for line in said.splitlines() if line.startswith("| as it comes"))
    assert first.endswith("|  |  |")
    assert AS_IT_COMES in told
