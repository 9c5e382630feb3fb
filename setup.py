"""`pip install .`: one name, `osteolens`, with every part inside it. What is said of the project stands in
pyproject.toml."""

from setuptools import find_packages, setup

WHOLE = [
    "core", "imaging", "models", "evidence", "anatomy", "tasks", "recipes", "simulation", "training", "annotation",
    "present", "report", "pages", "commands", "spaces", "backend", "jobs", "audit",
]  # fmt: skip
parts = find_packages(include=[*WHOLE, *(f"{one}.*" for one in WHOLE)])
inside = {f"osteolens._parts.{part}": part.replace(".", "/") for part in parts}

setup(
    packages=["osteolens", "osteolens._parts", *inside],
    package_dir={"osteolens._parts": ".", **inside},
    package_data={
        "": ["*.csv", "*.css", "*.js", "*.svg", "*.png", "*.j2", "*.mako", "*/*.js", "*/*.css"],
        "osteolens._parts": ["weights/*/*/*", "weights/*/*/*/*", "samples/*", ".streamlit/*"],
    },
)
