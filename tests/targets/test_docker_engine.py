"""What the tests of Docker stand on."""

from __future__ import annotations

from docker_engine import LABEL


def test_the_base_image_runs_this_machines_python(docker_engine, base_image):
    code = "import ssl, sqlite3, ctypes, lzma, hashlib; print(ssl.OPENSSL_VERSION_INFO[0] > 0)"
    said = docker_engine.client.containers.run(
        base_image, ["python3", "-c", code], remove=True, network_mode="none", labels={LABEL: "test"}
    )
    assert said == b"True\n"
