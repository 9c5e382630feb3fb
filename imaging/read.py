"""Bytes of a file to a `Radiograph`. What the file is, its content tells, never its name."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import numpy as np
from pydicom.pixels import apply_color_lut

from core.identity import case_id, naming_key
from core.radiograph import Acquisition, Mask, Radiograph
from core.refusal import Code, Notice, NoticeCode, Refused
from core.settings import settings
from imaging.collimation import exposed, shuttered
from imaging.files.colour import grey_of_colour
from imaging.files.decode import Words, encoding_name, words_of
from imaging.files.dicom import is_dicom, open_dicom
from imaging.files.header import PARSING_FAULTS, Header
from imaging.files.kind import refuse_other_objects
from imaging.files.layout import layout_of
from imaging.files.picture import is_picture, read_picture
from imaging.grey import tone_of
from imaging.person.text import Cleaned, cleaned, suspicion
from imaging.polarity import is_bone_dark
from imaging.spacing import aspect_of, scale_of
from imaging.taking import clinical_of, orientation_of, patient_of, side_of, site_of, view_of

_FORMERLY_FOUND: Final = (
    (b"%PDF", "a PDF"), (b"GIF8", "a GIF"), (b"PK\3\4", "a ZIP archive"), (b"\x1f\x8b", "a gzip archive"),
    (b"\0\0\0\x0cjP  ", "a bare JPEG 2000"), (b"\xff\x4f\xff\x51", "a bare JPEG 2000"), (b"<", "a web page or XML"),
)  # fmt: skip


def read_radiograph(
    data: bytes, name: str, frame: int | None = None, window: int = 0, look_for_text: bool = True
) -> Radiograph:
    """The film in these bytes, bone bright, nothing of the person left but age, sex and size.

    data: a DICOM, PNG, JPEG, TIFF, WebP or BMP file, whole.
    name: the name the caller knows the file by; never looked at, so that what it may tell goes nowhere.
    frame: which image of a multi-frame file, from 0; None refuses such a file.
    window: which of the file's windows or VOI tables to show it through, from 0.
    look_for_text: not needed, and a second saved, for films that this program drew itself to learn from.

    Raises Refused: `unreadable`, `unsupported_encoding`, `not_a_radiograph`, `too_large`.
    """
    del name
    if len(data) > settings().max_megabytes * 1e6:
        raise Refused(
            Code.TOO_LARGE,
            f"The file has {len(data) / 1e6:.0f} MB, and the limit is {settings().max_megabytes:g}; "
            "send one film, or raise OSTEOLENS_MAX_MEGABYTES.",
        )
    if is_picture(data):
        return _of_picture(data, frame, look_for_text)
    if is_dicom(data):
        return _of_dicom(data, frame, window, look_for_text)
    found = next((kind for magic, kind in _FORMERLY_FOUND if data.startswith(magic)), None)
    found = found or ("an empty file" if not data else "of no kind known here")
    raise Refused(
        Code.UNREADABLE, f"The file is {found}; expected DICOM, PNG, JPEG, TIFF, WebP or BMP; export the film as one."
    )


def _of_picture(data: bytes, frame: int | None, look_for_text: bool) -> Radiograph:
    picture = read_picture(data, frame)
    return _finished(
        Radiograph(
            pixels=picture.pixels,
            case_id="",
            acquisition=Acquisition(bits_stored=picture.bits, encoding=picture.kind),
            valid=picture.film,
            notices=picture.notices,
        ),
        look_for_text,
    )


def _finished(film: Radiograph, look_for_text: bool) -> Radiograph:
    """What every film goes through, whatever file it came in: borders, polarity, text, and its name.

    The name takes as long as all the rest, and most films stay as they came: it is worked out beside the rest, and
    anew for those that were changed.
    """
    key = naming_key(settings().home)
    with ThreadPoolExecutor(1) as beside:
        name = beside.submit(case_id, film.pixels, key)
        finished = _upright_and_anonymous(film, look_for_text)
    changed = finished.pixels is not film.pixels
    return replace(finished, case_id=case_id(finished.pixels, key) if changed else name.result())


def _upright_and_anonymous(film: Radiograph, look_for_text: bool) -> Radiograph:
    """The film bone bright, without burnt-in text, and where it is film; the very same pixels if all was well."""
    pixels, notices = film.pixels, list(film.notices)
    field = exposed(pixels)
    padded = film.valid
    film_only = field if padded is None or not padded.any() else (padded if field is None else field & padded)
    from_colours = any(notice.code == NoticeCode.PSEUDO_COLOUR for notice in notices)  # such a map may run either way
    if is_bone_dark(pixels, film_only if film_only is not None and film_only.any() else None, from_colours):
        pixels = np.subtract(np.float32(1), pixels)
        if padded is not None:
            pixels[~padded] = 0
        notices.append(
            Notice(NoticeCode.POLARITY, "Bone was dark on this film, so it was inverted; check that bone is bright.")
        )
    without_text = cleaned(pixels) if look_for_text else Cleaned(pixels)
    pixels, unmarked, suspected = without_text.pixels, without_text.film, without_text.suspected
    if without_text.lines:
        film_only = unmarked if film_only is None or unmarked is None else film_only & unmarked
        message = f"{without_text.lines} line(s) of burnt-in text were painted over; do not judge what lay under them."
        notices.append(Notice(Code.BURNED_IN_TEXT, message))
    elif any(notice.code == Code.BURNED_IN_TEXT for notice in notices):  # the file's tags say that there is some
        suspected = suspected or ((0, 0, film.width, film.height),)
    if suspected:
        notices.append(Notice(NoticeCode.TEXT_SUSPECTED, suspicion(suspected)))
    return replace(
        film,
        pixels=pixels,
        valid=None if film_only is None or film_only.all() else film_only,
        notices=tuple(notices),
        suspected=suspected,
    )


def _of_dicom(data: bytes, frame: int | None, window: int, look_for_text: bool) -> Radiograph:
    file = open_dicom(data)
    header = file.header
    modality = refuse_other_objects(file)
    layout = layout_of(header)
    if layout.frames > 1 and frame is None:
        raise Refused(
            Code.NOT_A_RADIOGRAPH,
            f"The DICOM object holds {layout.frames} frames, expected one film; name the frame to read.",
        )
    if frame is not None and not 0 <= frame < layout.frames:
        raise Refused(
            Code.NOT_A_RADIOGRAPH, f"The DICOM object holds {layout.frames} frame(s); there is no number {frame + 1}."
        )
    words, precision = words_of(file, layout, frame or 0)
    header = header.of_frame(frame or 0)
    notices: tuple[Notice, ...] = ()
    if not file.named:
        notices += (
            Notice(NoticeCode.NO_FILE_META, "The file does not name its encoding; it was told from the bytes."),
        )
    valid: Mask | None = None
    if words.ndim == 3 or layout.photometric == "PALETTE COLOR":
        colour = words if words.ndim == 3 else _through_palette(words, header)
        wide = colour.dtype == np.uint16
        pixels, said = grey_of_colour((colour >> 8).astype(np.uint8) if wide else colour.astype(np.uint8, copy=False))
        notices += said
        shown = "colour to grey"
    else:
        tone = tone_of(header, layout, words, precision, window)
        pixels, shown = tone.pixels(words), tone.shown
        notices += tone.notices
        if tone.padding is not None:
            valid = ~tone.padding[words]
    shutter = shuttered(header, (layout.rows, layout.columns))
    if shutter is not None:
        valid = shutter if valid is None else valid & shutter
    if (header.text("BurnedInAnnotation") or "").upper() == "YES":
        message = "The file's tags say that text is burnt into the picture; look whether all of it is painted over."
        notices += (Notice(Code.BURNED_IN_TEXT, message),)
    scale = scale_of(header)
    side, at_odds = side_of(header)
    return _finished(
        Radiograph(
            pixels=pixels,
            case_id="",
            spacing_mm=scale.spacing_mm,
            spacing_origin=scale.origin,
            site=site_of(header),
            view=view_of(header),
            side=side,
            acquisition=Acquisition(
                kvp=header.number("KVP"),
                manufacturer=header.text("Manufacturer"),
                model=header.text("ManufacturerModelName"),
                photometric=layout.photometric,
                modality=modality,
                bits_stored=layout.stored,
                encoding=encoding_name(file),
                window=shown,
            ),
            clinical=clinical_of(header),
            valid=valid,
            notices=notices + at_odds,
            orientation=orientation_of(header),
            pixel_aspect=aspect_of(header),
            patient=patient_of(header, naming_key(settings().home)),
        ),
        look_for_text,
    )


def _through_palette(words: Words, header: Header) -> Words:
    try:
        return apply_color_lut(words, header.dataset)
    except PARSING_FAULTS as fault:
        raise Refused(
            Code.UNREADABLE, "The DICOM file is damaged: its palette does not hold together; export it again."
        ) from fault
