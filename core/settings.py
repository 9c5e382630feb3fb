"""Every setting, typed, in one place. The README's table is tested against this class."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.refusal import Code

ROOT = Path(__file__).resolve().parent.parent
# A checkout keeps what is its own beside the code; a package that pip installed must not.
HOME = Path.home() / ".osteolens" if ROOT.name == "_parts" else ROOT / ".osteolens"


class Settings(BaseSettings):
    """Read from the environment (`OSTEOLENS_HOME=...`) or from the file `.env` beside the project."""

    model_config = SettingsConfigDict(env_prefix="OSTEOLENS_", env_file=ROOT / ".env", extra="ignore", frozen=True)

    home: Path = Field(HOME, description="Where this installation keeps its key, worklist and films")
    cache: Path | None = Field(
        None, description="What can be worked out again, kept to save time; by default the folder cache under home"
    )
    data: Path = Field(
        ROOT / "../shared/data", description="Real films for development and tests; never part of the project"
    )
    meshes: Path | None = Field(
        None, description="Folder of bone meshes, which every other virtual person that hips are learned from gets"
    )
    weights: Path = Field(ROOT / "weights", description="The model bundles, and which version of each reads")
    ledger_url: str | None = Field(None, description="SQLAlchemy address of the worklist; by default SQLite under home")
    device: str = Field("auto", description="Where networks run: auto, cpu, cuda, cuda:1, mps")
    max_megapixels: float = Field(80, gt=0, description="Films with more pixels than this are refused before decoding")
    max_megabytes: float = Field(200, gt=0, description="Files larger than this are refused unread")
    min_side_px: int = Field(64, gt=0, description="Films whose shorter side is below this are refused")
    warn_only: Annotated[tuple[Code, ...], NoDecode] = Field(
        (), description="Checks that warn instead of refusing, by code, as in implant,exposure"
    )
    ct_slope: float | None = Field(
        None, description="Calibration phantom of your own CTs: mineral in mg/cm3 a Hounsfield unit"
    )
    ct_intercept: float = Field(0.0, description="Calibration phantom of your own CTs: mg/cm3 at 0 Hounsfield units")
    control_rate: float = Field(
        0.02,
        ge=0,
        le=1,
        description="Share of all cases drawn at random for review, so that the true error rate can be estimated",
    )
    label_studio_url: str | None = Field(None, description="Address of Label Studio; written by make label-studio")
    label_studio_token: SecretStr | None = Field(None, description="Legacy or personal access token of Label Studio")
    label_studio_project: str = Field("Osteolens", min_length=3, description="Title of the Label Studio project")
    preannotate: bool = Field(
        False, description="Whether experts see the model's answers and correct them; otherwise they judge blind"
    )
    agree_dice: float = Field(
        0.8, gt=0, le=1, description="Least overlap (Dice) of two readers' outlines of a region that count as agreeing"
    )
    agree_mm: float = Field(
        3.0, gt=0, description="Largest distance, in mm, of two readers' outlines or marks that count as agreeing"
    )
    backend_user: str = Field("osteolens", min_length=1, description="User name of the machine-learning backend")
    backend_password: SecretStr | None = Field(
        None, description="Its password (basic auth); without one it answers on loopback alone"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="How much is logged: DEBUG, INFO, WARNING, ERROR"
    )

    @field_validator("meshes", "cache", mode="before")
    @classmethod
    def _none_if_empty(cls, value: object) -> object:
        return value or None

    @field_validator("warn_only", mode="before")
    @classmethod
    def _split_codes(cls, value: object) -> object:
        return tuple(filter(None, (part.strip() for part in value.split(",")))) if isinstance(value, str) else value

    @property
    def cache_folder(self) -> Path:
        """Of what can be worked out again; it may be deleted at any time."""
        return self.cache or self.home / "cache"

    @property
    def ledger(self) -> str:
        """SQLAlchemy address of the worklist."""
        return self.ledger_url or f"sqlite:///{(self.home / 'ledger.sqlite').resolve()}"


@cache
def settings() -> Settings:
    """The settings of this process, read once. Tests call `settings.cache_clear()` after changing the environment."""
    return Settings()
