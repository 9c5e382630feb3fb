"""The films to click on in a fresh installation. None shows a patient: knees are drawn by `simulation.phantom`, hips
and spines are films of virtual persons by `simulation.samples`."""

from dataclasses import dataclass
from pathlib import Path

FILMS = Path(__file__).resolve().parent.parent.parent / "samples"
PREVIEWS = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Sample:
    """One sample film: its file and what a person sees before opening it."""

    name: str
    title: str

    @property
    def path(self) -> Path:
        return FILMS / self.name

    @property
    def preview(self) -> Path:
        return PREVIEWS / f"{self.path.stem}.png"


_KNOWN = (
    Sample("virtual_pelvis.png", "Pelvis"),
    Sample("virtual_hip.png", "Left hip"),
    Sample("virtual_pelvis_other_scanner.png", "Scanner beta"),
    Sample("virtual_spine.png", "Spine"),
    Sample("virtual_spine_broken.png", "Fractures"),
    Sample("both_knees.png", "Both knees"),
    Sample("both_knees_thin_bone.png", "Thin bone"),
    Sample("right_knee.dcm", "DICOM"),
)
SAMPLES = tuple(one for one in _KNOWN if one.path.is_file())  # a Space may hold those of its recipes alone
