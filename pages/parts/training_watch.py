"""One training as it goes on: step, time left, curves; stopped, gone on with; what became of it."""

from datetime import UTC, datetime

import streamlit as st

import jobs
from core.settings import settings
from jobs import Job, Status
from pages.parts.curves import curves
from present.training import duration, named, status_colour, status_title, step_sentence, time_left
from present.wording import markdown_safe

EVERY_S = 2.0
SLOW_STOP_S = 20


def choose_job() -> Job | None:
    """The training to look at: the one just begun, or else the last one."""
    found = {job.name: job for job in jobs.jobs(settings().home)}
    if not found:
        st.html(
            '<div class="no-film"><b>No training yet</b><br>One that is begun here or with python cli.py train is '
            "shown here, also after the tab was closed.</div>"
        )
        return None
    wanted = st.session_state.pop("learn-wanted", None)
    if wanted in found:
        st.session_state["learn-job"] = wanted
    if len(found) == 1:
        return next(iter(found.values()))
    name = st.selectbox("Training", list(found), format_func=lambda one: title(found[one]), key="learn-job")
    return found[name]


def title(job: Job) -> str:
    """`hip_vit, 26 November, 17:03 UTC: finished`."""
    return f"{job.recipe}, {job.first_asked_at:%d %B, %H:%M} UTC: {status_title(job.status).lower()}"


def watch(job: Job) -> None:
    """Drawn again every two seconds by itself while the training lives; the rest of the page stays as it is."""
    st.fragment(_watch, run_every=EVERY_S if job.lives else None)(job.name, job.lives)


def _watch(name: str, lived: bool) -> None:
    job = next((one for one in jobs.jobs(settings().home) if one.name == name), None)
    if job is None or (lived and not job.lives):
        st.rerun()  # the page has other things to offer now
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(status_title(job.status), color=status_colour(job.status))  # type: ignore[arg-type]
        st.markdown(f"**{markdown_safe(job.recipe)}**, {markdown_safe(job.data)}")
    if job.lives:
        show_progress(job)
    else:
        show_end(job)
    networks = job.progress.get("networks", {})
    plots = curves(networks)
    for column, (head, plot) in zip(st.columns(max(1, min(2, len(plots)))) * 4, plots.items(), strict=False):
        with column:
            st.markdown(f"**{head}**")
            st.plotly_chart(plot, key=f"curves-{job.name}-{head}", config={"displayModeBar": False})
    show_controls(job)
    show_log(job)


def show_progress(job: Job) -> None:
    told = job.progress
    if job.status == Status.STARTING or not told:
        st.progress(0.0, "Loading what the training needs")
        return
    left = time_left(job.seconds_left)
    share = min(1.0, told["done"] / told["total"]) if told["total"] else 0.0
    st.progress(share, f"{markdown_safe(step_sentence(told))}{f', {left} for this step' if left else ''}")
    spent = (datetime.now(UTC) - datetime.fromisoformat(told["from"])).total_seconds()
    done = [named(name) for name, one in told["networks"].items() if one["done"] >= one["of"]]
    st.caption(
        f"Begun {duration(spent)} ago{' from the ' + job.by if job.by != 'page' else ''}"
        f"{', for the ' + str(job.begun) + '. time' if job.begun > 1 else ''}."
        f"{' Learned so far: ' + ', '.join(done) + '.' if done else ''}"
    )


def show_end(job: Job) -> None:
    if job.status == Status.FINISHED:
        st.markdown(f"It gave {markdown_safe(_version(job))}, in `{job.bundle}`.")
    elif job.status == Status.STOPPED:
        st.info(markdown_safe(job.why))
    else:
        st.error(markdown_safe(job.why))


def show_controls(job: Job) -> None:
    home = settings().home
    with st.container(horizontal=True):
        if job.status == Status.RUNNING and st.button("Stop", help="It goes on later from its last whole epoch."):
            _do(lambda: jobs.stop(job))
        if job.status == Status.STOPPING and st.button("End it at once", help="Loses what it learned of this epoch."):
            _do(lambda: jobs.stop(job, at_once=True))
        if job.can_resume:
            others = jobs.running(home)
            beside = bool(others) and st.checkbox("Beside the training that runs")
            if st.button("Go on with it", type="primary"):
                _do(lambda: jobs.resume(job, beside))


def _do(step) -> None:  # type: ignore[no-untyped-def]
    try:
        step()
    except (jobs.Busy, OSError) as fault:
        st.error(markdown_safe(str(fault)))
        return
    st.rerun()


def show_log(job: Job) -> None:
    lines = job.log()
    if lines:
        with st.expander("Last lines of its log", expanded=job.status in (Status.FAILED, Status.DIED)):
            st.code("\n".join(lines), language=None)
    if not job.lives:
        with st.expander("Its command"):
            st.code(f"python cli.py {' '.join(job.command)}", language="sh", wrap_lines=True)


def _version(job: Job) -> str:
    return f"{job.bundle.parent.name}@{job.bundle.name}" if job.bundle else "no bundle"
