"""What editors and type checkers see."""

import subprocess
import sys
from pathlib import Path

import pytest


def mypy(*arguments, cwd):
    pytest.importorskip("mypy", reason="checked with one Python")
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "mypy", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_sample_has_no_type_errors(tmp_path):
    mypy(str(Path(__file__).with_name("sample_of_types.py")), cwd=tmp_path)


def test_the_package_has_no_type_errors(tmp_path):
    mypy("-p", "isapi_shim", "-p", "Http", "-p", "PyISAPIe", cwd=tmp_path)


def test_the_packages_say_that_they_have_types():
    import Http
    import isapi_shim

    folder = Path(isapi_shim.__file__).parents[1]
    for package in ("isapi_shim", "Http", "PyISAPIe"):
        assert (folder / package / "py.typed").exists()
    assert Http.Loaded
