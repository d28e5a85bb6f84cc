from __future__ import annotations

import sys

import pytest

from jupyter_mlws.environments import sources
from jupyter_mlws.errors import InvalidInput, NotFound


def test_a_requirements_file_gives_its_packages_and_those_of_the_files_it_includes(tmp_path):
    (tmp_path / "more.txt").write_text("numpy>=1.26  # why\n-r requirements.txt\n")
    (tmp_path / "requirements.txt").write_text(
        "\ufeffscikit-learn==1.5 \\\n  --hash=sha256:abc\n\n# nothing\n-r more.txt\n--extra-index-url https://x.invalid\n"
        'uvloop; sys_platform != "win32"\n'
    )
    found = sources.of_requirements_file(tmp_path / "requirements.txt")
    assert found == ("scikit-learn==1.5", "numpy>=1.26", 'uvloop; sys_platform != "win32"')


@pytest.mark.parametrize("line", ["-e .", "./wheel.whl", "x @ file:///x", "-c c.txt", "--no-binary x"])
def test_what_cannot_be_had_elsewhere_is_refused_with_its_line(tmp_path, line):
    path = tmp_path / "requirements.txt"
    path.write_text(f"six\n{line}\n")
    with pytest.raises(InvalidInput, match="line 2"):
        sources.of_requirements_file(path)


def test_a_file_that_is_missing_or_no_text_is_told(tmp_path):
    with pytest.raises(NotFound, match="no file"):
        sources.of_requirements_file(tmp_path / "none.txt")
    (tmp_path / "x.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="UTF-8"):
        sources.of_requirements_file(tmp_path / "x.txt")


def test_a_project_file_gives_dependencies_extras_and_python(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text(
        '[project]\nname = "x"\nrequires-python = ">=3.11"\ndependencies = ["six"]\n'
        '[project.optional-dependencies]\ndemo = ["numpy"]\n'
    )
    assert sources.of_project_file(path, ("demo",)) == (("six", "numpy"), "3.11")
    with pytest.raises(InvalidInput, match="no extra 'other'.*demo"):
        sources.of_project_file(path, ("other",))


def test_a_lock_gives_each_package_with_its_version_and_not_the_project(tmp_path):
    path = tmp_path / "uv.lock"
    path.write_text(
        'version = 1\n[[package]]\nname = "mine"\nversion = "0"\nsource = { editable = "." }\n'
        '[[package]]\nname = "six"\nversion = "1.16.0"\nsource = { registry = "https://x.invalid/simple" }\n'
    )
    assert sources.of_lock_file(path) == ("six==1.16.0",)


def test_an_interpreter_is_asked_for_what_it_has():
    packages, python, left_out = sources.of_interpreter(sys.executable)
    assert any(line.startswith("numpy==") for line in packages)
    assert python == ".".join(map(str, sys.version_info[:3]))
    assert "numpy" not in left_out


def test_a_conda_file_gives_its_packages_and_those_of_pip(tmp_path):
    path = tmp_path / "environment.yml"
    path.write_text(
        "name: x\nchannels: [conda-forge]\nvariables: {A: 1}\n"
        "dependencies:\n  - python=3.11\n  - pip\n  - libfoo=1.2\n  - pip:\n    - six>=1.16\n"
    )
    found = sources.of_conda_file(path)
    assert (found.packages, found.conda, found.channels) == (("six>=1.16",), ("libfoo=1.2",), ("conda-forge",))
    assert (found.python, found.variables) == ("3.11", {"A": "1"})


@pytest.mark.parametrize(
    "text", ["- a", "dependencies: x", "dependencies: [{conda: [a]}]", "a: [", "x: !!python/object:a.b {}"]
)
def test_what_is_no_conda_file_is_refused(tmp_path, text):
    (tmp_path / "environment.yml").write_text(text)
    with pytest.raises(InvalidInput, match="environment.yml"):
        sources.of_conda_file(tmp_path / "environment.yml")
