import base64
import io

from PIL import Image

from present.thumbnail import thumbnail_url


def test_a_thumbnail_is_a_small_picture_in_its_own_proportions() -> None:
    file = io.BytesIO()
    Image.new("L", (400, 800), 200).save(file, "PNG")
    kind, _, data = thumbnail_url(file.getvalue(), 100).partition(",")
    assert kind == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (50, 100)
