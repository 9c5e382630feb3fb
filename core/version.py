"""The version of Osteolens, written here alone. `pyproject.toml` and every face take it from here.

It moves with CHANGELOG.md: the first number when a script or a manifest must change, the second when something is
added, the third for a fix. Bundles have versions of their own.
"""

__version__ = "0.2.0"
