"""What a picture's files say of themselves, that it can be verified, and that whatever is changed is noticed."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import c2pa
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import override_settings
from PIL import Image, IptcImagePlugin

from illustrate import _files
from illustrate.provenance import _c2pa, xmp
from illustrate.provenance.certificate import signing_certificate
from illustrate.provenance.record import PublicRecord, public_record
from illustrate.render.download_mark import marked
from tests.unit.illustrate.render.test_download_mark import changed

from .certificates import NOW, chain_of_three, key_pem, name_in, over, parts
from .drawings import ALGORITHM, COMPOSITE, MODEL, PAINTING, TITLE_HASH, drawing, painted, provenance

TITLE = "The lighthouse keeper warns of a storm"
SIGNED = {"1200", "800", "square-640", "tall-640", "card"}
UNSIGNED = {"400", "square-320"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def own_certificate(settings: Any, home: Path) -> None:
    settings.GYEOL_HOME = home


@pytest.fixture(scope="module")
def files(home: Path) -> dict[str, bytes]:
    with override_settings(GYEOL_HOME=home):
        return _files.encode(drawing(), TITLE)


@pytest.fixture(scope="module")
def painted_files(home: Path) -> dict[str, bytes]:
    """As for a private article, which has no card."""
    with override_settings(GYEOL_HOME=home):
        return _files.encode(drawing(painted()), "")


def read(body: bytes, *, trusting: str = "") -> dict[str, Any]:
    """By the library's own reader. Raises what it raises."""
    context = c2pa.Context.from_dict({"trust": {"user_anchors": trusting}} if trusting else {})
    with context, c2pa.Reader(_c2pa.mime_type(body), io.BytesIO(body), context=context) as reader:
        manifest = reader.get_active_manifest()
        assert manifest is not None
        said = {each["label"]: each["data"] for each in manifest["assertions"]}
        return {"state": reader.get_validation_state(), "manifest": manifest, **said}


# -- Signed --------------------------------------------------------------------------------------------------


def test_every_larger_file_and_the_card_verify_with_the_librarys_own_reader(files: dict[str, bytes]) -> None:
    anchors = signing_certificate(at=NOW).anchors
    for variant in SIGNED:
        assert read(files[variant])["state"] == "Valid", variant  # whole, by somebody unknown
        assert read(files[variant], trusting=anchors)["state"] == "Trusted", variant
    for variant in UNSIGNED:
        with pytest.raises(c2pa.C2paError.ManifestNotFound):
            read(files[variant])
    assert set(files) == SIGNED | UNSIGNED


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        (provenance(), ALGORITHM),
        (provenance(renderer="diffusion", digital_source_type=MODEL, painting=PAINTING), MODEL),
        (painted(), COMPOSITE),
    ],
    ids=["composer", "model", "composite"],
)
def test_a_manifest_says_that_gyeol_created_it_and_from_what(how: dict[str, Any], kind: str) -> None:
    said = read(_files.encode(drawing(how), "")["tall-640"])
    (action,) = said["c2pa.actions.v2"]["actions"]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"] == kind
    assert action["softwareAgent"]["name"] == "Gyeol"
    assert said["gyeol.picture"]["licence"] == "CC0-1.0"
    assert said["gyeol.picture"]["seed"] == (7 if kind == ALGORITHM else 9)
    assert said["gyeol.picture"].get("model", "") == ("" if kind == ALGORITHM else "house-painter")


def test_a_manifest_takes_three_kilobytes_and_holds_no_thumbnail(files: dict[str, bytes]) -> None:
    bare = files["400"]
    signed = _c2pa.sign({"": bare}, public_record(provenance()), signing_certificate(at=NOW))[""]
    assert 2_500 < len(signed) - len(bare) < 3_600
    assert "thumbnail" not in read(signed)["manifest"]
    with Image.open(io.BytesIO(signed)) as image:
        assert image.info["xmp"] == xmp.packet(public_record(provenance()))  # the signature leaves it alone


KEYS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("kind", KEYS)
def test_an_operators_certificate_signs_with_any_key_that_c2pa_knows_and_is_our_own(
    kind: str, settings: Any, tmp_path: Path, files: dict[str, bytes]
) -> None:
    key = KEYS[kind]()
    name_in(settings, tmp_path, chain_of_three(key), key_pem(key))
    certificate = signing_certificate(at=NOW)
    signed = _c2pa.sign({"": files["400"]}, public_record(provenance()), certificate)[""]
    seal = _files._seal_of(signed, provenance())
    assert (seal.state, seal.signer, seal.is_development) == ("whole", "Gyeol", False)


# -- Changed -------------------------------------------------------------------------------------------------


def _flipped(body: bytes, place: int) -> bytes:
    changed = bytearray(body)
    changed[place] ^= 1
    return bytes(changed)


SAID = (b"<rdf:RDF", b"c2pa.created", b"algorithmicMedia\x00", b"CC0-1.0f", b"gyeol.picture", b"dc:title", b"Gyeol de")


@pytest.mark.parametrize("said", SAID)
def test_a_changed_word_in_the_xmp_or_the_manifest_is_noticed_by_the_librarys_reader(
    said: bytes, files: dict[str, bytes]
) -> None:
    body = files["tall-640"]
    place = body.index(said) + 1
    assert _c2pa.read(_flipped(body, place), public_record(provenance()), signing_certificate(at=NOW)).state == "broken"


def test_a_changed_pixel_is_noticed_by_the_librarys_reader(files: dict[str, bytes]) -> None:
    body = files["tall-640"]
    first = body.index(b"VP8 ") + 8
    size = int.from_bytes(body[first - 4 : first], "little")
    for place in range(first, first + size, size // 20):
        assert read(_flipped(body, place))["state"] == "Invalid", place


def test_whatever_byte_is_changed_the_site_notices(stored: str, files: dict[str, bytes]) -> None:
    body, path = files["1200"], Path(default_storage.path(_files.path_of(stored, "1200")))
    how = provenance(signed=True, sha256=hashlib.sha256(body).hexdigest())
    assert _files.read_seal(stored, how).state == "whole"
    for place in range(0, len(body), 61):  # the room kept free in the manifest, and the names of its boxes, too
        path.write_bytes(_flipped(body, place))
        assert _files.read_seal(stored, how).state == "broken", place


def test_a_changed_file_that_was_never_signed_is_noticed_as_well(files: dict[str, bytes]) -> None:
    unsigned = files["400"]
    how = provenance(signed=False, sha256=hashlib.sha256(unsigned).hexdigest())
    assert _files._seal_of(unsigned, how).state == "none"
    assert _files._seal_of(_flipped(unsigned, len(unsigned) // 2), how).state == "broken"


def test_a_changed_card_is_noticed_too(files: dict[str, bytes]) -> None:
    body = files["card"]
    assert _files._seal_of(body, provenance()).state == "whole"
    assert _files._seal_of(_flipped(body, len(body) // 2), provenance()).state == "broken"


def test_a_signature_that_was_taken_out_is_missed(files: dict[str, bytes]) -> None:
    with Image.open(io.BytesIO(files["1200"])) as image:
        out = io.BytesIO()
        image.save(out, "WEBP", method=0)
    assert _files._seal_of(out.getvalue(), provenance(signed=True)).state == "broken"
    assert _files._seal_of(out.getvalue(), provenance(signed=False)).state == "none"


def test_another_pictures_file_in_its_place_is_noticed(files: dict[str, bytes]) -> None:
    assert _files._seal_of(files["1200"], provenance(seed=8)).state == "broken"


def test_a_file_of_another_installation_is_whole_but_foreign(
    files: dict[str, bytes], settings: Any, tmp_path: Path
) -> None:
    settings.GYEOL_HOME = tmp_path
    assert _files._seal_of(files["1200"], provenance()).state == "foreign"


@pytest.mark.parametrize("body", [b"", b"RIFF....WEBP", b"\xff\xd8nothing", b"x" * 4096])
def test_what_is_no_picture_is_no_error(body: bytes) -> None:
    assert _files._seal_of(body, provenance()).state == "broken"


# -- In words that other programs read -----------------------------------------------------------------------


def test_every_file_says_in_xmp_what_made_it_and_that_it_may_be_used(files: dict[str, bytes]) -> None:
    for variant, body in files.items():
        with Image.open(io.BytesIO(body)) as image:
            told = image.getxmp()["xmpmeta"]["RDF"]["Description"]
        assert told["DigitalSourceType"] == ALGORITHM, variant
        assert told["CreatorTool"] == "Gyeol composer 3"
        assert told["WebStatement"] == "https://creativecommons.org/publicdomain/zero/1.0/"
        assert told["Marked"] == "False"
        assert told["rights"]["Alt"]["li"]["text"].startswith("CC0")


def test_a_model_is_named_in_xmp_whatever_it_is_called() -> None:
    odd = 'a "<b>" & \x00\x0bmodel\ud800'
    record = PublicRecord(
        renderer="diffusion", revision="3", preset="grain/2", seed=1, licence="CC0-1.0", digital_source_type=MODEL,
        model=odd, model_revision="r1",
    )  # fmt: skip
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "WEBP", xmp=xmp.packet(record))
    with Image.open(out) as image:
        told = image.getxmp()["xmpmeta"]["RDF"]["Description"]
    assert told["AISystemUsed"] == 'a "<b>" & model'
    assert told["AISystemVersionUsed"] == "r1"


def test_a_jpeg_says_it_in_iptc_as_well(files: dict[str, bytes]) -> None:
    with Image.open(io.BytesIO(files["card"])) as image:
        told = IptcImagePlugin.getiptcinfo(image)
    assert told is not None
    assert told[(2, 80)] == b"Gyeol"
    assert told[(2, 116)] == b"CC0 1.0: no rights reserved"


def test_no_file_says_what_article_it_was_drawn_for_nor_where_a_model_lies(painted_files: dict[str, bytes]) -> None:
    assert "card" not in painted_files
    for body in painted_files.values():
        for secret in (TITLE, TITLE_HASH, "/srv/", "a lighthouse by the sea", "lighthouse"):
            assert secret.encode() not in body


# -- A picture all the same ----------------------------------------------------------------------------------


def test_without_a_usable_certificate_files_are_written_unsigned_and_it_is_told(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name_in(settings, tmp_path, *parts(over()))
    made = drawing()
    files = _files.encode(made, TITLE)
    assert set(files) == SIGNED | UNSIGNED
    assert made.provenance["signed"] is False
    assert made.provenance["sha256"] == hashlib.sha256(files["1200"]).hexdigest()
    assert "has expired" in made.provenance["unsigned_because"]
    assert "has expired" in caplog.text
    with Image.open(io.BytesIO(files["1200"])) as image:
        assert image.getxmp()["xmpmeta"]["RDF"]["Description"]["DigitalSourceType"] == ALGORITHM
    assert _files._seal_of(files["1200"], made.provenance).state == "none"


@pytest.mark.parametrize("error", [RuntimeError("boom"), c2pa.C2paError("odd")])
def test_a_library_that_fails_leaves_no_article_without_a_picture(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **named: Any) -> Iterator[None]:
        raise error

    monkeypatch.setattr(c2pa, "Builder", fail)
    made = drawing()
    assert set(_files.encode(made, TITLE)) == SIGNED | UNSIGNED
    assert made.provenance["signed"] is False
    assert str(error) in made.provenance["unsigned_because"]


# -- To keep -------------------------------------------------------------------------------------------------


@pytest.fixture
def stored(files: dict[str, bytes]) -> str:
    file = "pictures/00/1-secret.{width}.webp"
    default_storage.save(_files.path_of(file, "1200"), ContentFile(files["1200"]))
    return file


def test_the_copy_to_keep_is_a_signed_jpeg_that_says_that_it_was_marked(stored: str) -> None:
    body = _files.copy_to_keep(stored, provenance(), "en")
    assert body is not None
    said = read(body, trusting=signing_certificate(at=NOW).anchors)
    assert said["state"] == "Trusted"
    assert [each["action"] for each in said["c2pa.actions.v2"]["actions"]] == ["c2pa.created", "c2pa.edited"]
    with Image.open(io.BytesIO(body)) as image:
        assert image.format == "JPEG"
        assert image.size == (1200, 675)
        assert image.getxmp()["xmpmeta"]["RDF"]["Description"]["DigitalSourceType"] == ALGORITHM


@pytest.mark.parametrize(("language", "by_model"), [("en", False), ("ko", False), ("en", True), ("ko", True)])
def test_it_bears_the_mark_in_the_readers_language_which_says_when_a_model_painted(
    language: str, by_model: bool, files: dict[str, bytes], painted_files: dict[str, bytes]
) -> None:
    body, how = (painted_files["1200"], painted()) if by_model else (files["1200"], provenance())
    file = "pictures/00/2-secret.{width}.webp"
    default_storage.save(_files.path_of(file, "1200"), ContentFile(body))
    copy = _files.copy_to_keep(file, how, language)
    assert copy is not None
    with Image.open(io.BytesIO(copy)) as image, Image.open(io.BytesIO(body)) as plain:
        kept, bare = image.convert("RGB"), plain.convert("RGB")
    assert changed(kept, marked(bare, language, by_model=by_model)) is None
    assert changed(kept, marked(bare, language, by_model=not by_model)) is not None


def test_what_was_changed_is_given_to_nobody_with_our_signature(stored: str, files: dict[str, bytes]) -> None:
    path = Path(default_storage.path(_files.path_of(stored, "1200")))
    path.write_bytes(_flipped(files["1200"], len(files["1200"]) // 2))
    assert _files.read_seal(stored, provenance()).state == "broken"
    assert _files.copy_to_keep(stored, provenance(), "en") is None
    path.unlink()
    assert _files.read_seal(stored, provenance()).state == "gone"
    assert _files.copy_to_keep(stored, provenance(), "en") is None


def test_a_manifest_is_json_that_names_only_what_may_be_passed_on() -> None:
    record = public_record(painted())
    assert set(json.loads(record.model_dump_json())) == {
        "renderer", "revision", "preset", "seed", "licence", "digital_source_type", "model", "model_revision",
        "adapter",
    }  # fmt: skip
