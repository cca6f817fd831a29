"""The plugin's fixtures and settings, each test in a pytest of its own."""

import sys

from conftest import write


def test_a_test_asks_the_site_of_the_settings(project):
    project.makepyfile(
        """
        def test_hello(isapi):
            assert isapi.get("/hello.py").text == "Hello, World"
        """
    )
    project.run_tests().assert_outcomes(passed=1)


def test_a_failing_script_shows_its_own_lines_and_what_it_wrote(project):
    project.makepyfile("def test_it(isapi):\n    isapi.get('/fails.py')\n")
    result = project.run_tests()
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert ">       return 1 / number" in text and "a remark" in text
    assert "_client.py" not in text and "ZeroDivisionError" in text


def test_each_test_has_the_site_anew(project):
    counter = (
        "from Http import *\nN = []\ndef Request():\n    N.append(1)\n    Write(str(len(N)))\n"
    )
    write(project.path / "site", count__py=counter)
    project.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("n", range(3))
        def test_count(isapi, n):
            assert [isapi.get("/count.py").text for _ in "ab"] == ["1", "2"]
        """
    )
    project.run_tests().assert_outcomes(passed=3)


def test_other_sites_are_made_by_isapi_app(project):
    other = "from Http import *\ndef Request(): Write('other')\n"
    write(project.path / "other", hello__py=other)
    handler = "from Http import *\ndef Request(): Write('handler of ' + Env.URL)\n"
    write(project.path / "home" / "Http", Isapi__py=handler)
    project.makepyfile(
        """
        def test_sites(isapi, isapi_app):
            other = isapi_app(root="other")
            home = isapi_app(home="home", wildcard=True)
            for _ in range(2):
                assert other.get("/hello.py").text == "other"
                assert isapi.get("/hello.py").text == "Hello, World"
                assert home.get("/any/thing").text == "handler of /any/thing"

        def test_page(isapi_app):
            page = isapi_app(raise_app_exceptions=False).get("/fails.py")
            assert page.status == 500
        """
    )
    project.run_tests().assert_outcomes(passed=2)


def test_the_home_and_a_wsgi_application_come_from_the_settings(project):
    code = "def app(environ, start):\n    start('200 OK', [])\n    return [b'of wsgi']\n"
    write(project.path / "home", application__py=code)
    project.makeini("[pytest]\nisapi_root=site\nisapi_home=home\nisapi_wsgi=application:app\n")
    project.makepyfile("def test_it(isapi):\n    assert isapi.get('/x').text == 'of wsgi'\n")
    project.run_tests().assert_outcomes(passed=1)


def test_the_site_is_the_folder_of_the_settings_where_they_name_none(project):
    project.makeini("[pytest]\n")
    write(project.path, here__py="from Http import *\ndef Request(): Write('here')\n")
    write(
        project.path / "tests",
        test_a__py="def test_it(isapi):\n    assert isapi.get('/here.py').text == 'here'\n",
    )
    project.run_tests("tests").assert_outcomes(passed=1)


def test_strict_fails_where_the_fake_server_lacks_something(project):
    # Nothing that a script can do with Http makes a report, but an extension could; so a file.
    write(project.path / "site", a__http="GET /hello.py\n\n> {% client.test() %}\n")
    project.run_tests("--isapi-update").assert_outcomes(passed=1, warnings=1)
    project.makeini("[pytest]\nisapi_root=site\nisapi_strict=true\n")
    result = project.run_tests()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*isapi_strict*"])


def test_a_server_runs_at_a_port_for_the_session(project):
    project.makepyfile(
        """
        import pytest, time, urllib.request

        @pytest.fixture(scope="session")
        def isapi_server_args():
            return ["--error-details", "never"]

        def ask(server, path):
            with urllib.request.urlopen(server.url + path) as answer:
                return answer.read()

        def test_one(isapi_server):
            assert ask(isapi_server, "hello.py") == b"Hello, World"

        def test_two(isapi_server):
            assert ask(isapi_server, "hello.py?a") == b"Hello, a"
            # The line comes when the response has gone.
            while '"GET /hello.py?a HTTP/1.1" 200' not in isapi_server.log:
                time.sleep(0.01)
        """
    )
    project.run_tests().assert_outcomes(passed=2)


def test_a_server_that_does_not_start_says_why(project):
    project.makeini("[pytest]\nisapi_root = missing\n")
    project.makepyfile("def test_it(isapi_server): pass\n")
    result = project.run_tests()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ISH0201*"])


def test_several_workers_share_nothing(project):
    project.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("n", range(6))
        def test_it(isapi, isapi_snapshot, n):
            assert isapi.get(f"/hello.py?{n}") == isapi_snapshot
        """
    )
    project.run_tests("-n", "3", "--isapi-update").assert_outcomes(passed=6)
    folder = project.path / "snapshots"
    assert len(list(folder.iterdir())) == 6
    project.run_tests("-n", "3").assert_outcomes(passed=6)


def test_nothing_happens_to_tests_that_ask_for_nothing(project):
    project.makepyfile(
        """
        import sys

        def test_it():
            loaded = [name for name in sys.modules if name.startswith("isapi_shim.")]
            assert loaded == ["isapi_shim.pytest_plugin"], loaded
            assert "Http" not in sys.modules
        """
    )
    project.run_tests().assert_outcomes(passed=1)


def test_coverage_measures_scripts(project):
    project.makepyfile("def test_it(isapi):\n    isapi.get('/hello.py')\n")
    project.run(sys.executable, "-m", "coverage", "run", "--source=site", "-m", "pytest", "-q")
    report = project.run(sys.executable, "-m", "coverage", "report", "-m")
    report.stdout.fnmatch_lines(["site*hello.py*100%"])
