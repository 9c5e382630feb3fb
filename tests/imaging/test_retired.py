"""JPEG processes that no archive writes any more: arithmetic coding is read, hierarchies need the optional decoder.

The streams were written by the reference implementation of JPEG (libjpeg of the University of Stuttgart) from `RAMP`.
"""

import sys
from base64 import b85decode
from importlib.util import find_spec

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from core.refusal import Code, Refused
from imaging.files.decode import words_of
from imaging.files.dicom import open_dicom
from imaging.files.layout import layout_of
from tests.imaging.made import saved

_ROWS, _COLUMNS = np.mgrid[:32, :24]
RAMP = 60 * _ROWS + 40 * _COLUMNS + 900 * ((_ROWS // 8 + _COLUMNS // 8) % 2)
ARITHMETIC = b85decode(
    "|JeWG02W1fX=VTbNl7XI2mk;8000000095n07C!*0RaI40RjO50RjR70s;gB0s;a81q1{G1O^2L1_lKN1_lQS2nGiU2L=WR3kV4c3JMAe1_%ob"
    "3knPg3JMDU?f?!!WN%_+0Av6F00030>i``}Pyhh{00031000wHP(?!k000Y5Lr+cu0095V01FHNAOIKv01*KH>i`x?Pyhh{00031000b3Lr6;i"
    "0Np+R%m4-e5D*3b+5iXv0000#0RI6007#s+M`f$U?NI^#F@2TsekDa6_oRKIFoMyN%gY3-"
    "wVdX=q=H#4W9x+_<V#SSm0Tut5Q}|WEWPa!2ygu@>}7-`Z9(087a5jbLjrRA%tmzc8!_Xa;KXiXh239cEgD<j)D-"
    ";6NNOd;rXpLQe%6tZ4ui6N+0vI*%!wFSa6tdr"
)
ARITHMETIC_PROGRESSIVE = b85decode(
    "|JeWG02W1fX=VTbNl7XI2mk;8000000095n07C!*0RaI40RjO50RjR70s;gB0s;a81q1{G1O^2L1_lKN1_lQS2nGiU2L=WR3kV4c3JMAe1_%ob"
    "3knPg3JMDU?f?!!WN%_+0Av6F00030>i``}Pyhh{00031000wHP(?!k000Y5Lr+cu0095W01FHNAOIKv01*KH>i`x?Pyhh{00031000b3Lr6;i"
    "0AC*e%m4-"
    "e5D*3b+5iXv000000sjF0kvPl8DJR<ts7z&q$Y?JV(#!_N174lr|I7de01yxb|Jncu0RR921p*eUnh5S5UVeZ5s?00g`vUqgmwx#)*&A?d&Loc"
    "|D|JXf|I7de01yxb|Jncu0RR97KLQnI>r=YQMK_}g@LbLs`;}(F2NY_i&ojgz6QE9691w0m|I7da|Jncu0RR92KOs^c<}0B8%m4!a+5iXv0000"
    "05KGYi%m4!a+5iXv0003$5Yq9BOc$k=01tTz^JU(;f0ZEr*#"
)
HIERARCHICAL = b85decode(
    "|JeWA07C!+0s;d90s{jB0|WyD1O*5M1q1{I3I_)U2n-"
    "4g3=0Yi3k?nu5Dg9y4hstq77!5=6crT}3=bC=78Do~6crTz?f?!!WN%_+0Av6F00030-T(^>03ZMu0RRyI|H%Lg3;+-"
    "S3;_TU0RPMY1^^Hc1^?Or2mt^906zf#0R6ezNf~pgI6enn^`~0Pvp9hcg#9f=4m8w4KZOZsBj%((>TUHd6M|ZAGfOi-"
    "G#Ol1`J<MxlH$>Qx%8>88h++Y?&UQyg`5-"
    "fEc}N8g+c1VvdEJnwFoCaA;}f=ERO_6hFL4crZ5$*rx^YNw84;enYMtACqKi<F~KvJOAzU%c~Cx0WNUaV+d03Bb_#I8pY+s$Ha8<PCC>o9D9S?"
    "A=FzMxUfu-XyE(!f`6a4nU=1(AoqoO<{$gVs-^{*fTZk*5D}|cB+_~kRRvD?;CgHFURrp^|j68=bTrhF!D8H!x-v9#<|IYvm3;-"
    "Yi7y$qg0RPMY1OO2K+5iXv000000RI4<8qmbdT6p%Y=M+JE+K=)ogPMq<SbZfQCm=~&H;MD)Hd>nbf8{il=5r~tL#k>D`wGNk@E;>$Sn!|od{F"
    "7B9VFwcwmshFmuawsQ$-pFRRwLMyjQ`2<zfiI%Yh`WnI#|r_CoomCk}&M)%N<h*%n#2@^~Kfb3t-"
    "bZMb(8@hYJH7aKhKoyGQF$QPD?=$cF_SaHyJbfQ?Mfa--Co$`KfGsH}a_M}(7Yd3YG34N_c7znjZ7Q#4ACg%6YWcfFgj>3y@q|LHcQ{cHx?h4O"
    "fs`JtgQv83iR7U>*g+-;MwKy#CiSV-0@sDZAel*06H_}#8$#T_!iE`!%N5MPUj&4|!Ec+MHOE)kV`-"
    "g|XYdubjM64BX4rMKD=gG^PvPN|=lMgo<D(iq?O(@QjEH<MD`OITLk%XI1OymLBbS>R(a+Gj9{0`Nf;1LTRU>c1xIT30xz+!!egell<X%hX~5n"
    "sfuZI!!|>)7)#2*|W!Yn3tq47^;LB#Zi2hMYK)2c*VwHhhymxIDm*PRf`-DKH1_PY5#hf`K_vKTbE@-9+RgeX0#h@{Xe^-"
    "%TGJnHQ1rtbu=Ce_ZgK<9Ue!4){E@5Y-"
    "s5SI~q}IFdqBMDjwe&YlG;na@g~>>I6gdxCdXE>!1Qb_ckf@0q~RNCBWPB9d4dc2~gex!N;0ZM=s<xs+L934(~+I6A+aKUKu<S;g2ygqTis`5)"
    "<$L@3O|QRLhd0K<-)=Tu81I;$s3F^F-miP*x*KJ<H9d(~GcEvVJ|HLWDPi{R|ebbr;L{y-"
    "CU9=3HWG5h!0A7l*DjBw>6e3S_4Y0Nrh8VU&zsl9}^=N!nxva-"
    "+G#aC^KdQ1ROMjUmaR~!IILcCTL^Zx*zZA@`hg)Npt?LEGjz>UsAz<>5WID?L>Z8Iq*QeIdbwJ5pZ*`O$&^^W{OPzg@;80Tr6L}LU>Xj`Hdbac"
    "Zl%Uf<<gg*R(!Z4Z*f3V}E`RX5^!=A?N>H)(@N=ui>;4fCD){g<8I&dnWf1Z42B~-Eh*#"
)
EXTENDED_ARITHMETIC, HIERARCHICAL_ARITHMETIC = UID("1.2.840.10008.1.2.4.52"), UID("1.2.840.10008.1.2.4.60")


def film(stream: bytes, syntax: UID) -> bytes:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = "1.2.840.10008.5.1.4.1.1.1", "1.2.3", "CR"
    dataset.Rows, dataset.Columns = RAMP.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation, dataset.SamplesPerPixel = 0, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = encapsulate([stream])
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    return saved(dataset, syntax)


def stored(data: bytes) -> np.ndarray:
    file = open_dicom(data)
    return words_of(file, layout_of(file.header), 0)[0].astype(int)


@pytest.mark.parametrize("stream", [ARITHMETIC, ARITHMETIC_PROGRESSIVE])
def test_arithmetic_coding_is_read_without_the_extra(stream: bytes) -> None:
    assert abs(stored(film(stream, EXTENDED_ARITHMETIC)) - RAMP).max() <= 8


def test_a_hierarchical_film_is_refused_by_naming_the_extra_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libjpeg", None)
    with pytest.raises(Refused, match=r"hierarchical JPEG.*pip install -r requirements-gpl.txt") as refused:
        stored(film(HIERARCHICAL, HIERARCHICAL_ARITHMETIC))
    assert refused.value.refusal.code == Code.UNSUPPORTED_ENCODING


@pytest.mark.skipif(find_spec("libjpeg") is None, reason="the optional GPL decoder is not installed")
def test_a_hierarchical_film_is_read_exactly_with_the_extra() -> None:
    assert (stored(film(HIERARCHICAL, HIERARCHICAL_ARITHMETIC)) == RAMP).all()
