"""Works that write bytes: blobs, downloads, models, archives, what travels beside a script."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from pathlib import Path

from works.place import say, services

from jupyter_mlws.api.routes import Download
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.runfolder import farside
from jupyter_mlws.sdk import files as downloads
from jupyter_mlws.sdk.connection import Connection
from jupyter_mlws.sdk.model import Model
from jupyter_mlws.sdk.workspace import Workspace
from jupyter_mlws.snapshots import unpack_zip

BLOB_SIZES = (0, 1, 5_000, 1_500_000)
MANY = 20


def blob_bytes(number: int) -> bytes:
    """The bytes of a test's blob."""
    size = BLOB_SIZES[number] if number < len(BLOB_SIZES) else 100 + number
    return (str(number).encode() * size)[:size]


def put_blobs(place: Path) -> None:
    """Few blobs and many, stored and synced."""
    blobs = BlobStore(place / "blobs")
    for number in range(len(BLOB_SIZES)):
        stored = blobs.put_stream(io.BytesIO(blob_bytes(number)))
        blobs.sync([stored.digest])
        say(f"blob {stored.digest}")
    many = [blobs.put_bytes(blob_bytes(len(BLOB_SIZES) + number)).digest for number in range(MANY)]
    blobs.sync(many)
    for digest in many:
        say(f"blob {digest}")


def put_remote_blobs(place: Path) -> None:
    """The same where fsspec leads."""
    (place / "remote").mkdir(exist_ok=True)
    blobs = BlobStore(f"local://{place}/remote")
    for number in range(len(BLOB_SIZES)):
        say(f"blob {blobs.put_stream(io.BytesIO(blob_bytes(number))).digest}")


def copy_blob(place: Path) -> None:
    """A verified copy of a blob."""
    blobs = BlobStore(place / "blobs")
    stored = blobs.put_bytes(blob_bytes(3))
    target = place / "copy"
    target.unlink(missing_ok=True)
    blobs.copy_to(stored.digest, target)
    say(f"copied {stored.digest}")


def download(place: Path) -> None:
    """A download to disk."""
    downloads.save(Download([blob_bytes(2), blob_bytes(2)]), str(place / "down" / "file.bin"))
    say("saved")


def fetch_model(place: Path) -> None:
    """A model of a folder: registered, saved elsewhere, and had from the cache."""
    os.environ["MLWS_CACHE_DIR"] = str(place / "cache")
    api = services(place)
    ws = Workspace._of(Connection(api=api, id="w", location=str(place / "workspace")))
    folder = place / "given" / "m"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(3):
        (folder / f"{number}.bin").write_bytes(blob_bytes(number))
    model = Model.register(ws, folder, "digits")
    say(f"registered {model.version}")
    model.download(place / "down", exist_ok=True)
    say("saved")
    Model.get_model_path("digits", _workspace=ws)
    say("cached")


def unpack(place: Path) -> None:
    """A zip that somebody uploaded, unpacked."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(3):
            archive.writestr(f"folder/{number}.txt", blob_bytes(2))
    data.seek(0)
    target = place / "unpacked"
    if target.exists():
        shutil.rmtree(target)
    unpack_zip(data, target)
    say("unpacked")


def far_side(place: Path) -> None:
    """What travels beside a script, as a zip and as a folder."""
    say(f"zip {farside.build_zip(place / 'far')}")
    say(f"folder {farside.build_folder(place / 'far')}")
