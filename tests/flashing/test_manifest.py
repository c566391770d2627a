"""What the manifest in a slot says, and that it is true."""

from __future__ import annotations

import hashlib
import json

import pytest

from kneesleeve import appbundle


def manifest_of(files: dict[str, bytes], slot: str = "a") -> dict:
    return json.loads(files[f"{slot}/manifest.json"])


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return appbundle.bundle("xtensawin", "esp32_devkit")


def test_it_names_every_file_with_its_sha(files: dict[str, bytes]) -> None:
    said = manifest_of(files)
    named = {f"a/{name}": sha for name, sha in said["files"].items()} | said["root"]
    assert named.keys() | {"a/manifest.json"} == files.keys()
    assert all(hashlib.sha256(files[name]).hexdigest() == sha for name, sha in named.items())


def test_it_says_what_it_was_made_for(files: dict[str, bytes]) -> None:
    said = manifest_of(files)
    assert said | {"build": "", "root": {}, "files": {}} == {
        "version": appbundle.app_version(), "build": "", "board": "esp32_devkit", "arch": "xtensawin", "mpy": "6.3",
        "root": {}, "files": {},
    }  # fmt: skip
    assert len(files["a/manifest.json"]) < 8000


def test_the_build_is_that_of_the_files_whatever_the_slot(files: dict[str, bytes]) -> None:
    build = manifest_of(files)["build"]
    other = appbundle.bundle("xtensawin", "esp32_devkit", slot="b")
    assert manifest_of(other, "b")["build"] == build and manifest_of(other, "b")["files"] == manifest_of(files)["files"]
    assert not any(path.startswith("a/") for path in other)
    changed = files | {"a/sleeveapp/app.mpy": files["a/sleeveapp/app.mpy"] + b"x"}
    del changed["a/manifest.json"]
    assert appbundle.manifest(changed, "xtensawin", "esp32_devkit")["build"] != build
    assert manifest_of(appbundle.bundle("x64", "esp32_devkit"))["build"] != build


def test_source_goes_on_as_text_and_says_so() -> None:
    files = appbundle.bundle("xtensawin", "esp32_devkit", source=True)
    said = manifest_of(files)
    assert b"class App" in files["a/sleeveapp/app.py"] and not any(path.endswith(".mpy") for path in files)
    assert said["mpy"] is None and said["arch"] == ""


def test_every_board_has_its_profile(files: dict[str, bytes]) -> None:
    from kneesleeve.flashing.maps import CHIPS

    for chip in CHIPS.values():
        assert f"a/boards/{chip.board}.mpy" in files
