"""Hospitals' own words for what a film shows: the part, the view and the side, in the languages that write them.

A word that is not known here says nothing. Words run together (LHIP, KNEEAP) are taken apart.
"""

import re
import unicodedata
from typing import Final

from core.radiograph import Side, Site, View

_SITES: Final[dict[Site, str]] = {
    "hip": "HIP HIPS HIPJOINT HIPJOINTS PELVIS PELVES PELVIC PELV PELVISLOWEXTREMT FEMUR FEMURS FEMORA FEMORAL THIGH "
    "THIGHS COXA COXAE COXARUM ACETABULUM ACETABULAR TROCHANTER HUFTE HUFTEN HUFT HUEFTE HUEFTEN HUEFT HUFTGELENK "
    "HUEFTGELENK BECKEN BECKENUBERSICHT BECKENUEBERSICHT OBERSCHENKEL HANCHE HANCHES BASSIN CADERA CADERAS ANCA ANCHE "
    "BACINO FEMORE QUADRIL BACIA PELVE HEUP HEUPEN BEKKEN HOFT HOFTE HOFTER",
    "knee": "KNEE KNEES KNEEJOINT KNEEJOINTS PATELLA PATELLAE PATELLAS PATELLAR GENU KNIE KNIEN KNIES KNIEGELENK "
    "GENOU GENOUX RODILLA RODILLAS GINOCCHIO GINOCCHIA JOELHO JOELHOS KNA KNAE",
    "spine": "SPINE SPINES SPINAL LSPINE LSSPINE TSPINE TLSPINE DSPINE LUMBARSPINE THORACICSPINE DORSALSPINE LUMBAR "
    "LUMB LUMBAL LUMBALE LUMBALER LUMBAIRE LUMBOSACRAL LUMBOSAC THORACOLUMBAR DORSOLUMBAR LWS BWS LWK BWK VERTEBRA "
    "VERTEBRAE VERTEBRAL WIRBELSAULE WIRBELSAEULE LENDENWIRBELSAULE LENDENWIRBELSAEULE BRUSTWIRBELSAULE "
    "BRUSTWIRBELSAEULE RACHIS COLONNA COLUMNA COLUNA LOMBARE LOMBAR WERVELKOLOM",
}
# PS3.16 annex L without what is read here, and other names for the same.
_OTHERS: Final = (
    "ABDOMEN ABDOMENPELVIS ABDOMINAL ABD KUB ADRENAL ANKLE ANKLES AORTA ARM AXILLA BLADDER BRAIN BREAST BRONCHUS "
    "BUTTOCK CALCANEUS CALF CAROTID CEREBELLUM CHEST CHESTABDOMEN CHESTABDPELVIS CXR THORAX CIRCLEOFWILLIS CLAVICLE "
    "COCCYX COLON CORNEA CORONARYARTERY DUODENUM EAR ELBOW ELBOWS ESOPHAGUS EYE EYELID FACIAL FIBULA FINGER "
    "FINGERS FOOT FEET FOREARM GALLBLADDER HAND HANDS HEADNECK HEART HUMERUS IAC ILEUM ILIUM JAW JEJUNUM KIDNEY LARYNX "
    "LIVER LUNG LUNGS MANDIBLE MASTOID MAXILLA MEDIASTINUM MOUTH NASAL NECKCHEST NECKCHESTABDOMEN NECKCHESTABDPELV "
    "NOSE ORBIT ORBITS OVARY PANCREAS PAROTID PENIS PERINEUM PHARYNX PLACENTA PROSTATE RADIUS RECTUM RIB RIBS SACRUM "
    "SACROILIAC SCALP SCAPULA SCLERA SCROTUM SHOULDER SHOULDERS SIJOINT SIJOINTS SINUS SINUSES SKULL SPLEEN SSPINE "
    "STERNUM STOMACH SUBMANDIBULAR TEETH DENTAL TESTIS THUMB THYMUS THYROID TIBIA TMJ TOE TOES TONGUE TRACHEA ULNA "
    "URETER URETHRA UTERUS VAGINA VULVA WRIST WRISTS ZYGOMA CERVICAL CERV SACRAL CSPINE CTSPINE CERVICALSPINE "
    "CERVICOTHORACIC HWS HALSWIRBELSAULE "
    "SCHULTER SCHADEL SCHAEDEL ELLENBOGEN UNTERARM OBERARM HANDGELENK SPRUNGGELENK FUSS UNTERSCHENKEL EPAULE COUDE "
    "POIGNET CHEVILLE PIED HOMBRO CODO MUNECA TOBILLO TORAX TORACE CRANE CRANEO CRANIO"
)
_OTHERS_ALONE: Final = frozenset({"HEAD", "NECK", "BACK", "FACE"})  # of a femur as well; a view in French
_VIEWS: Final[dict[View, str]] = {
    "ap": "AP ANTEROPOSTERIOR ANTERIOPOSTERIOR ANTEROPOSTERIORE ANTEROPOST FRONTAL FRONTALE FACE VENTRODORSAL",
    "lateral": "LAT LATERAL LATERALS LATERALE LATERAAL LATERALIS LL RL LLAT RLAT LTLAT RTLAT LATL LATR LLD RLD ML LM "
    "LLO RLO MEDIOLATERAL LATEROMEDIAL LATEROLATERAL AXIOLATERAL XTABLE XTL XTLAT CROSSTABLE SEITLICH SEITL PROFIL "
    "PROFILE",
    "other": "PA POSTEROANTERIOR POSTERIORANTERIOR DORSOVENTRAL CC MLO OBL OBLIQUE OBLIQUES OBLIQUO OBLIKVE SCHRAG RAO "
    "LAO RPO LPO AXIAL TANGENTIAL SUNRISE SKYLINE MERCHANT TUNNEL NOTCH ROSENBERG FROG FROGLEG JUDET INLET OUTLET "
    "LAUENSTEIN LORDOTIC TOWNE TOWNES WATERS SWIMMER SWIMMERS ODONTOID SMV STENVERS DECUB DECUBITUS",
}
_SIDES: Final[dict[Side, str]] = {
    "R": "R RT RIGHT RE RECHTS RECHTE RECHTER RECHTES DROIT DROITE DERECHA DERECHO DESTRA DESTRO DIREITA DIREITO HOGER",
    "L": "L LT LEFT LI LINKS LINKE LINKER LINKES GAUCHE IZQUIERDA IZQUIERDO SINISTRA SINISTRO ESQUERDA ESQUERDO "
    "VANSTER",
    "both": "B BOTH BILATERAL BIL BILAT BEIDE BEIDSEITS BDS",
}


def _by_word(table: dict) -> dict:
    return {word: meaning for meaning, words in table.items() for word in words.split()}


_SITE: Final[dict[str, Site]] = {**_by_word(_SITES), **dict.fromkeys(_OTHERS.split(), "other")}
_VIEW: Final[dict[str, View]] = _by_word(_VIEWS)
_SIDE: Final[dict[str, Side]] = _by_word(_SIDES)
_ANY_SPINE: Final = frozenset({"SPINE", "SPINES", "SPINAL", "VERTEBRA", "VERTEBRAE", "VERTEBRAL"})
_NOT_READ: Final = frozenset({"CERVICAL", "CERV", "HWS", "SACRAL", "SACRUM", "COCCYX", "SSPINE", "CSPINE"})
_SHORT: Final = frozenset({"R", "L", "B", "RE", "LI"})  # in a sentence these may be anything but beside a limb
_JOINED: Final = sorted(
    {
        "L",
        "R",
        "LT",
        "RT",
        "LEFT",
        "RIGHT",
        "BIL",
        "BILAT",
        "BOTH",
        "AP",
        "PA",
        "LAT",
        "LATERAL",
        "OBL",
        "XR",
        "CR",
        "DX",
    }
    | {"STANDING", "JOINT", "UNILAT"},
    key=len,
    reverse=True,
)
_APART: Final = re.compile(
    f"((?:{'|'.join(_JOINED)})*?)({'|'.join(sorted(_SITE, key=len, reverse=True))})((?:{'|'.join(_JOINED)})*)"
)


def words_of(text: str) -> list[str]:
    """The words of a text, upper case, without accents; A.P. is one word, and LHIP is two."""
    plain = unicodedata.normalize("NFKD", text.upper())
    plain = (
        "".join(letter for letter in plain if not unicodedata.combining(letter)).replace("Æ", "AE").replace("Ø", "O")
    )
    plain = re.sub(r"(?<![A-Z])([APL])[\W_]{1,2}([APL])(?![A-Z])", _initials, plain)
    plain = re.sub(r"(?<![A-Z])(C|T|L|S|D|LS|TL)[\W_]{1,2}(?=SPINE(?![A-Z]))", r"\1", plain)  # C-SPINE
    words: list[str] = []
    for word in re.findall("[A-Z]+", plain):
        apart = None if word in _SITE or word in _VIEW or word in _SIDE else _APART.fullmatch(word)
        if apart is None:
            words.append(word)
            continue
        for part in apart.groups():
            words += [part] if part in _SITE else re.findall("|".join(_JOINED), part)
    return words


def _initials(found: re.Match[str]) -> str:
    pair = found[1] + found[2]
    return pair if pair in ("AP", "PA") else found[0]


def site_in(text: str) -> Site | None:
    """The site that a text names, `other` for parts that are not read, None where it names none, or several."""
    words = words_of(text)
    whole = _SITE.get("".join(words))
    if whole is not None:
        return whole
    parts = {word for word in words if word in _SITE}
    named = {_SITE[word] for word in parts}
    if parts & _NOT_READ and parts <= _ANY_SPINE | _NOT_READ:
        return "other"  # a spine, but not the part that is read
    if not named and _OTHERS_ALONE & set(words):
        return "other"
    return named.pop() if len(named) == 1 else None


def view_in(text: str) -> View | None:
    """The view that a text names, `other` for one that is not read, None where it names none, or several."""
    words = words_of(text)
    named = {_VIEW[word] for word in words if word in _VIEW}
    if "other" in named:  # an oblique or a frog-leg lateral is no lateral
        return "other" if "PA" not in words or len(named) == 1 else None
    return named.pop() if len(named) == 1 else None


def side_in(text: str, beside_a_limb: bool = True) -> Side | None:
    """The side that a text names. beside_a_limb: whether a mere R or L counts only where it names a hip or knee."""
    words = words_of(text)
    limb = not beside_a_limb or site_in(text) in ("hip", "knee")
    named = {_SIDE[word] for word in words if word in _SIDE and (limb or word not in _SHORT)}
    return named.pop() if len(named) == 1 else None
