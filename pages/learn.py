"""Learn: from films with experts' answers to a version that reads, and back."""

import streamlit as st

from jobs import Status
from pages.parts.champion import show_versions
from pages.parts.entrance import stay_inside
from pages.parts.training_plan import locked_in, plan
from pages.parts.training_watch import choose_job, watch
from reading import models, versions

stay_inside("pages/learn.py")
st.title("Learn")
asked, seen = st.columns([5, 8], gap="large")
with asked:
    st.subheader("New training")
    plan()
with seen:
    st.subheader("Trainings")
    job = choose_job()
    if job is not None:
        watch(job)
    if job is not None and job.status == Status.FINISHED and job.bundle is not None and job.bundle.is_dir():
        st.subheader("Which version reads")
        name = f"{job.bundle.parent.name}@{job.bundle.name}"
        at_hand = [f"{one['name']}@{one['version']}" for one in models() if one["name"] == job.recipe]
        folders = {name: str(job.bundle)} | {one: one for one in at_hand}
        show_versions(
            job.recipe,
            versions().get(job.recipe),
            folders,
            first=name,
            data=locked_in(job.recipe, job.data),
            unfolded=True,
        )
