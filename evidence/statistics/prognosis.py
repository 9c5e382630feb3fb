"""What a score says of fractures to come, alone and beyond what is known of a person without it.

Risks are those of Cox models at a horizon, each person's by a model that had not seen them. Intervals are percentile
bootstraps over people of those risks; hazard ratios carry the Cox model's own, robust to several rows a person.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test, proportional_hazard_test
from sklearn.model_selection import StratifiedKFold

from evidence.statistics.metrics import Bootstrap, figure

Array = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]

WHOSE = "whose_row"
UNNAMED = "\0row "  # before the number of a row without a patient: no patient is called so
YEARS, EVENT = "followup_years", "incident_fracture"
KNOWN = ("age_years", "sex", "bmi", "fracture")  # what a clinic knows without a score
THIRDS = ("lowest third", "middle third", "highest third")
LEAST_EVENTS = 20
FOLDS = 5
THRESHOLDS = np.round(np.arange(0.02, 0.41, 0.02), 2)  # risks above which one would treat


@dataclass(frozen=True, eq=False)
class Followed:
    """People with a film and what became of them. years [N] to the first fracture or the end of follow-up; event [N]
    says which; scores and known: standardised columns [N, ...] by name; group: whom a row belongs to."""

    years: Array
    event: Flags
    scores: pd.DataFrame
    known: pd.DataFrame
    group: list[Any]
    left_out: int

    @classmethod
    def of(cls, table: pd.DataFrame, scores: Sequence[str]) -> "Followed":
        """Rows with every value. Raises ValueError, with what was found and expected, where nothing can be said."""
        for column in (YEARS, EVENT, *scores):
            if column not in table:
                raise ValueError(
                    f"found columns {', '.join(map(str, table.columns))}, expected {YEARS} (years), {EVENT} (0 or 1) "
                    "and one score_<name> or more"
                )
        wide = table.copy()
        if "sex" in wide:
            wide["sex"] = wide["sex"].map({"F": 0.0, "M": 1.0})
        columns = [name for name in KNOWN if name in wide and wide[name].notna().any()]
        numbers = wide[[YEARS, EVENT, *scores, *columns]].apply(pd.to_numeric, errors="coerce")
        whole = numbers.notna().all(axis=1)
        numbers = numbers[whole]
        years, event = numbers[YEARS].to_numpy(float), numbers[EVENT].to_numpy(float)
        if len(numbers) and (not np.isin(event, (0, 1)).all() or years.min() < 0):
            raise ValueError(
                f"found {EVENT} other than 0 and 1, or {YEARS} below 0; expected whether and when someone broke a bone"
            )
        if event.sum() < LEAST_EVENTS:
            raise ValueError(
                f"found {int(event.sum())} fractures among {len(numbers)} people with every value, expected at least "
                f"{LEAST_EVENTS}; follow more people, or for longer"
            )
        constant = [name for name in scores if numbers[name].std() == 0]
        if constant:
            raise ValueError(f"{constant[0]} is the same for everyone, expected a score that differs between people")
        varying = [name for name in columns if numbers[name].std() > 0]
        group = _whose(wide[whole])
        return cls(
            years,
            event == 1,
            _standardised(numbers[list(scores)]),
            _standardised(numbers[varying]),
            group,
            int(len(table) - len(numbers)),
        )


def prognosis(
    table: pd.DataFrame, scores: Sequence[str], horizon: float = 5.0, draws: int = 500, seed: int = 0
) -> dict[str, Any]:
    """Every score of a table with follow-up, in plain values. horizon: years at which risks are compared.

    Raises ValueError in one sentence where the table does not allow it.
    """
    people = Followed.of(table, scores)
    if people.years.max() <= horizon:
        raise ValueError(
            f"the longest follow-up is {people.years.max():.1f} years, expected more than the horizon of {horizon:g}; "
            "ask for a shorter horizon"
        )
    drawn = Bootstrap(people.group, draws, seed)
    weights = drawn.times[:, drawn.group]
    without = out_of_fold_risk(people, people.known, horizon, seed) if len(people.known.columns) else None
    return {
        "people": len(people.years),
        "left_out": people.left_out,
        "fractures": int(people.event.sum()),
        "median_years": float(np.median(people.years)),
        "horizon": horizon,
        "known": list(people.known.columns),
        "risk": asdict(figure(1 - surviving(people.years, people.event, weights, horizon))),
        "scores": {name: _of_score(people, name, without, weights, horizon, seed) for name in scores},
    }


def _of_score(
    people: Followed, name: str, without: Array | None, weights: Array, horizon: float, seed: int
) -> dict[str, Any]:
    score = people.scores[[name]]
    found: dict[str, Any] = {
        "kaplan_meier": kaplan_meier(people.years, people.event, score[name].to_numpy()),
        "hazard_ratio": {"crude": hazard_ratio(people, score, name)},
        "c_index": {
            "score alone": asdict(figure(c_index(people.years, people.event, score[name].to_numpy(), weights)))
        },
    }
    if without is None:
        return found
    both = people.known.join(score)
    found["hazard_ratio"]["adjusted"] = hazard_ratio(people, both, name)
    with_score = out_of_fold_risk(people, both, horizon, seed)
    before = c_index(people.years, people.event, without, weights)
    after = c_index(people.years, people.event, with_score, weights)
    found["c_index"] |= {
        "without": asdict(figure(before)),
        "with": asdict(figure(after)),
        "gain": asdict(figure(after - before)),
    }
    found["nri"] = net_reclassification(people.years, people.event, without, with_score, weights, horizon)
    found["decision_curve"] = {
        "threshold": THRESHOLDS.tolist(),
        **{
            label: [asdict(figure(one)) for one in net_benefit(people.years, people.event, risk, weights, horizon)]
            for label, risk in (("without", without), ("with", with_score), ("everyone", np.ones(len(without))))
        },
    }
    return found


def kaplan_meier(years: Array, event: Flags, score: Array) -> dict[str, Any]:
    """Share without a fracture over time by thirds of the score, with its interval and how many were still followed,
    and p of the log-rank test between them (Kaplan and Meier 1958)."""
    third = np.searchsorted(np.quantile(score, [1 / 3, 2 / 3]), score, side="left")
    marks = np.arange(0, np.floor(years.max()) + 1)
    curves = {}
    for number, name in enumerate(THIRDS):
        own = third == number
        if not own.any():
            continue
        fitted = KaplanMeierFitter().fit(years[own], event[own])
        band = fitted.confidence_interval_survival_function_.to_numpy()
        curves[name] = {
            "people": int(own.sum()),
            "fractures": int(event[own].sum()),
            "years": fitted.survival_function_.index.to_numpy(float).round(3).tolist(),
            "surviving": fitted.survival_function_.to_numpy()[:, 0].round(5).tolist(),
            "low": np.nan_to_num(band[:, 0], nan=1.0).round(5).tolist(),
            "high": np.nan_to_num(band[:, 1], nan=1.0).round(5).tolist(),
            "still_followed": [int((years[own] >= mark).sum()) for mark in marks],
        }
    return {
        "marks": marks.tolist(),
        "curves": curves,
        "p": float(multivariate_logrank_test(years, third, event).p_value),
    }


def hazard_ratio(people: Followed, columns: pd.DataFrame, name: str) -> dict[str, Any]:
    """Hazard ratio a standard deviation of one column beside the others, its 95 % interval, p, and p of the test that
    hazards stay proportional (Grambsch and Therneau 1994): a small one says that the ratio changes with time."""
    fitted, frame = _cox(people, columns)
    row = fitted.summary.loc[name]
    proportional = proportional_hazard_test(fitted, frame, time_transform="rank").summary
    return {
        "value": float(row["exp(coef)"]),
        "low": float(row["exp(coef) lower 95%"]),
        "high": float(row["exp(coef) upper 95%"]),
        "p": float(row["p"]),
        "p_proportional": float(proportional.loc[name, "p"]),
    }


def out_of_fold_risk(people: Followed, columns: pd.DataFrame, horizon: float, seed: int) -> Array:
    """Risk of a fracture by the horizon [N], each person's by a Cox model of the others."""
    risk = np.empty(len(people.years))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    _, number = np.unique(people.group, return_inverse=True)
    first = np.unique(number, return_index=True)[1]  # whoever has several rows stays in one fold
    for _, held in folds.split(first, people.event[first]):
        inside = np.isin(number, held)
        fitted, _ = _cox(people, columns, ~inside)
        ahead = fitted.predict_survival_function(columns[inside], times=[horizon])
        risk[inside] = 1 - ahead.to_numpy()[0]
    return risk


def surviving(years: Array, event: Flags, weights: Array, horizon: float) -> Array:
    """Kaplan-Meier's share without an event at the horizon for each row of weights [D, N]: [D].

    People who leave in the same moment are taken one after the other, events first, which gives the same product.
    NaN where nobody counts, or none of those who do was followed that far.
    """
    order = np.lexsort((~event, years))
    mine, when = weights[:, order], years[order]
    left = np.flip(np.cumsum(np.flip(mine, 1), 1), 1)
    falls = event[order] & (when <= horizon)
    share = np.divide(mine, left, out=np.zeros_like(mine), where=left > 0)
    known = (mine[:, when >= horizon].sum(1) > 0) | (np.where(falls, mine, 0).sum(1) == mine.sum(1))
    return np.where(known & (left[:, 0] > 0), np.prod(np.where(falls, 1 - share, 1.0), 1), np.nan)


def c_index(years: Array, event: Flags, risk: Array, weights: Array) -> Array:
    """Harrell's concordance for each row of weights [D, N]: of two people of whom one is known to break a bone first,
    how often that one had the higher risk (ties count half)."""
    first = np.flatnonzero(event)
    later = (years[None] > years[first, None]) | ((years[None] == years[first, None]) & ~event[None])
    right = (risk[first, None] > risk[None]) + 0.5 * (risk[first, None] == risk[None])
    pairs = ((weights[:, first] @ later.astype(float)) * weights).sum(1)
    won = ((weights[:, first] @ (later * right)) * weights).sum(1)
    return np.divide(won, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)


def net_reclassification(
    years: Array, event: Flags, before: Array, after: Array, weights: Array, horizon: float
) -> dict[str, Any]:
    """Continuous NRI with censoring (Pencina et al., Stat. Med. 2011): how much more often risk rises than falls in
    those who break a bone by the horizon, and falls than rises in the others. The two parts mean more than their sum.
    """
    total, up, down = (weights * flag for flag in (np.ones(len(years)), after > before, after < before))
    risk, risk_up, risk_down = (1 - surviving(years, event, one, horizon) for one in (total, up, down))
    share_up, share_down = (np.divide(one.sum(1), total.sum(1)) for one in (up, down))
    risk_up, risk_down = np.where(share_up > 0, risk_up, 0), np.where(share_down > 0, risk_down, 0)
    events = (risk_up * share_up - risk_down * share_down) / risk
    others = ((1 - risk_down) * share_down - (1 - risk_up) * share_up) / (1 - risk)
    return {
        "fractures": asdict(figure(events)),
        "others": asdict(figure(others)),
        "sum": asdict(figure(events + others)),
    }


def net_benefit(years: Array, event: Flags, risk: Array, weights: Array, horizon: float) -> Array:
    """Net benefit of treating whoever's risk is at least each of `THRESHOLDS`, [T, D]: fractures met by treatment less
    treatments in vain, weighed by the threshold's odds, a person (Vickers et al., BMC Med. Inform. Decis. Mak. 2008).
    """
    found = []
    for threshold in THRESHOLDS:
        treated = weights * (risk >= threshold)
        share = treated.sum(1) / weights.sum(1)
        hit = np.where(share > 0, 1 - surviving(years, event, treated, horizon), 0.0)
        found.append(share * (hit - (1 - hit) * threshold / (1 - threshold)))
    return np.array(found)


def _cox(
    people: Followed, columns: pd.DataFrame, rows: Flags | slice = slice(None)
) -> tuple[CoxPHFitter, pd.DataFrame]:
    """Where a patient has several rows, with the robust variance that takes them together (Lin and Wei, JASA 1989):
    counted as independent they would narrow every interval."""
    frame = columns.assign(**{YEARS: people.years, EVENT: people.event.astype(int)})[rows]
    group = np.asarray(people.group)[rows]
    if len(np.unique(group)) == len(group):
        return CoxPHFitter().fit(frame, YEARS, EVENT), frame
    frame = frame.assign(**{WHOSE: np.unique(group, return_inverse=True)[1]})
    return CoxPHFitter().fit(frame, YEARS, EVENT, cluster_col=WHOSE), frame


def _whose(table: pd.DataFrame) -> list[str]:
    """Each row's patient; a row whose patient is not named is a patient of its own."""
    if "patient" not in table:
        return [str(row) for row in range(len(table))]
    named = ["" if pd.isna(one) else str(one) for one in table["patient"]]
    return [one if one.strip() else f"{UNNAMED}{row}" for row, one in enumerate(named)]


def _standardised(columns: pd.DataFrame) -> pd.DataFrame:
    """Mean 0 and standard deviation 1, so that a hazard ratio is one a standard deviation; rows numbered anew."""
    return ((columns - columns.mean()) / columns.std()).reset_index(drop=True)
