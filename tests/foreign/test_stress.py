"""What tests do to an interpreter, in a cell that is emulated: as natively, but for the time that it takes."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.foreign.test_cells import interpreters, pytestmark
from tests.plugin.conftest import Project, new_project, project

__all__ = ["interpreters", "new_project", "project", "pytestmark"]

QUIETLY = ("-p", "no:cacheprovider", "--ofiuco-inspect=none")

STRESS = """
    import asyncio, concurrent.futures, ctypes, multiprocessing, os, platform, queue, signal, socket, sqlite3, ssl
    import subprocess, sys, threading, time
    import pytest

    @pytest.fixture(autouse=True)
    def machine():
        assert platform.machine() == "aarch64"

    def told(): return platform.machine(), os.path.basename(sys.executable)

    def test_this_interpreter_is_started(tmp_path):
        script = tmp_path / "script.py"
        script.write_text("import platform, sys, pytest; print(platform.machine(), sys.prefix, sys.argv[1])")
        said = subprocess.run([sys.executable, str(script), "é"], capture_output=True, check=True, encoding="utf-8")
        assert said.stdout.split() == ["aarch64", sys.prefix, "é"]

    @pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
    def test_processes(method):
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            assert pool.map(abs, [-1, -2, -3]) == [1, 2, 3]
            assert pool.apply(told)[0] == "aarch64"
        messages = context.Queue()
        process = context.Process(target=messages.put, args=("said",))
        process.start()
        assert messages.get(timeout=60) == "said"
        process.join()
        assert process.exitcode == 0

    def test_an_environment_is_made(tmp_path):
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "e")], check=True)
        command = [str(tmp_path / "e" / "bin" / "python"), "-c", "import sys; print(sys.prefix)"]
        assert subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip() == str(tmp_path / "e")

    def test_threads():
        done = queue.Queue()
        threads = [threading.Thread(target=lambda: done.put(sum(range(10000)))) for _ in range(20)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert {done.get() for _ in threads} == {49995000}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert list(pool.map(len, ["a", "bb"])) == [1, 2]

    def test_a_database(tmp_path):
        with sqlite3.connect(tmp_path / "db") as connection:
            connection.execute("create table t (x)")
            connection.executemany("insert into t values (?)", [(n,) for n in range(100)])
        assert sqlite3.connect(tmp_path / "db").execute("select sum(x) from t").fetchone() == (4950,)

    def test_modules_that_are_compiled():
        assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
        assert ctypes.CDLL(None).abs(-3) == 3

    def test_sockets():
        async def echoed():
            async def echo(reader, writer):
                writer.write(await reader.readline())
                writer.close()
            server = await asyncio.start_server(echo, "127.0.0.1", 0)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\\n")
            said = await reader.readline()
            writer.close()
            server.close()
            return said
        assert asyncio.run(echoed()) == b"hello\\n"

    def test_signals():
        heard = []
        before = signal.signal(signal.SIGALRM, lambda *_: heard.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        deadline = time.monotonic() + 30
        while not heard and time.monotonic() < deadline: time.sleep(0.01)
        signal.signal(signal.SIGALRM, before)
        assert heard

    def test_a_child_is_forked():
        child = os.fork()
        if not child: os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7

    def test_output(capfd):
        os.write(1, b"one")
        subprocess.run([sys.executable, "-c", "print('two')"], check=True)
        assert capfd.readouterr().out == "onetwo\\n"

    class TestCrashes:
        def test_segfaults(self):
            print("said before", flush=True)
            ctypes.string_at(0)

        def test_is_in_a_fresh_worker(self):
            with open(f"/proc/{os.getppid()}/cmdline") as file:
                assert "forkserver" in file.read()
            assert subprocess.run([sys.executable, "-c", ""]).returncode == 0

        def test_aborts(self): os.abort()
        def test_exits(self): os._exit(3)
        def test_after(self): pass
"""

SHARED = """
    import json, os, pathlib, time
    import pytest

    @pytest.mark.parametrize("number", range(12))
    def test_shared(number, worker_id, ofiuco_cell):
        pathlib.Path(f"worker-{worker_id}").touch()
        deadline = time.monotonic() + 60
        while len(list(pathlib.Path().glob("worker-*"))) < 3 and time.monotonic() < deadline: time.sleep(0.05)
        with open(f"/proc/{os.getppid()}/cmdline") as file:
            is_forked = "forkserver" in file.read()
        line = json.dumps([worker_id, is_forked, ofiuco_cell.platform])
        pathlib.Path(f"ran-{number}.json").write_text(line)
"""

HANGS = """
    import os, pathlib, time

    def test_hangs():
        pathlib.Path(f"mark-{os.getpid()}").touch()
        time.sleep(120)
"""


@pytest.fixture
def emulated(project: Project, interpreters: Mapping[str, Path]) -> Project:
    """A project with one cell, which is for arm64."""
    box = f'[tool.ofiuco.platform.arm]\ntag = "manylinux_2_36_aarch64"\ninterpreters = ["{interpreters["3.13"]}"]\n'
    project.configure(python=["3.13"], ofiuco='platforms = ["arm"]', more=box)
    return project


def test_stress(emulated: Project) -> None:
    emulated.write({"test_stress.py": STRESS})
    done = emulated.matrix(*QUIETLY, "--junitxml=report.xml", "--ofiuco-html=page.html", "-v")
    outcomes = done.parseoutcomes()
    assert {name: outcomes.get(name) for name in ("failed", "errors")} == {"failed": 3, "errors": None}
    done.stdout.fnmatch_lines_random(
        [
            "the worker of py313-arm was killed by SIGSEGV while running *test_segfaults*",
            "said before",
            "the worker of py313-arm was killed by SIGABRT while running *test_aborts*",
            "the worker of py313-arm exited with 3 while running *test_exits*",
            "test_stress.py::TestCrashes::test_after*PASSED*",
        ]
    )
    (suite,) = ElementTree.parse(emulated.folder / "report.xml").getroot()
    told = {each.get("name"): each.get("value") for each in suite.findall("properties/property")}
    expected = r"CPython 3\.13\.\d+, qemu \d+\.\d+\.\d+, glibc 2\.41; files for glibc 2\.36"
    assert re.fullmatch(expected, told["execution"] or "")
    page = (emulated.folder / "page.html").read_text(encoding="utf-8")
    assert f'"execution":{json.dumps(told["execution"])}' in page


def test_workers_share_a_cell(emulated: Project) -> None:
    """All but the first are forked from one process, which ends with the session."""
    emulated.write({"test_shared.py": SHARED})
    emulated.matrix(*QUIETLY, "--ofiuco-jobs=3").assert_outcomes(passed=12)
    ran = [json.loads(path.read_text(encoding="utf-8")) for path in emulated.folder.glob("ran-*.json")]
    assert {platform for _, _, platform in ran} == {"arm"}
    assert {(worker, is_forked) for worker, is_forked, _ in ran} == {("gw0", False), ("gw1", True), ("gw2", True)}
    assert not processes_of(emulated)


def test_ctrl_c_ends_the_emulators(emulated: Project) -> None:
    emulated.write({"test_hangs.py": HANGS})
    process = emulated.started("--ofiuco-matrix", *QUIETLY)
    try:
        deadline = time.monotonic() + 60
        while not list(emulated.folder.glob("mark-*")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "Traceback" not in output
    assert not processes_of(emulated)


def processes_of(project: Project) -> list[str]:
    """The processes that run in the project's folder, or with its cache: their command lines."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if str(project.cache) in command and "qemu" in command:
            found.append(command.replace("\0", " "))
    return found


HANGS_ONCE = """\
#!/bin/sh
case " $* " in *" -X "*)
  if [ "$(ls {folder} | wc -l)" -lt {times} ]; then
    touch {folder}/$$
    echo "no answer yet" >&2
    sleep 100
  fi;;
esac
"""


@pytest.mark.parametrize("times", [1, 2])
def test_an_emulator_that_hangs_at_its_start(
    emulated: Project, interpreters: Mapping[str, Path], tmp_path: Path, times: int
) -> None:
    """It is started again, once."""
    folder = tmp_path / "hung"
    folder.mkdir()
    command = tmp_path / "python" / "bin" / "python3.13"
    command.parent.mkdir(parents=True)
    (command.parents[1] / "lib").symlink_to(interpreters["3.13"].parents[1] / "lib")
    wrapper = interpreters["3.13"].read_text(encoding="utf-8").removeprefix("#!/bin/sh\n")
    command.write_text(HANGS_ONCE.format(folder=folder, times=times) + wrapper, encoding="utf-8")
    command.chmod(0o755)
    seconds = 15 if times == 1 else 4
    impatient = f"from pytest_ofiuco.run import limits\n\nlimits.START_SECONDS, limits.SLOW = {seconds}, 1.5\n"
    (tmp_path / "impatient.py").write_text(impatient, encoding="utf-8")
    settings = emulated.folder / "pyproject.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(str(interpreters["3.13"]), str(command)))
    emulated.write({"test_a.py": "import platform\n\ndef test(): assert platform.machine() == 'aarch64'"})
    done = emulated.matrix("-p", "impatient", *QUIETLY, PYTHONPATH=str(tmp_path))
    said = f"a worker said nothing for {seconds} s after its start, was ended, and started again"
    done.stdout.fnmatch_lines([f"ofiuco: py313-arm: {said}"])
    if times == 1:
        done.assert_outcomes(passed=1)
    else:
        done.assert_outcomes(errors=1)
        assert "the worker of py313-arm did not answer within 6 s\nno answer yet" in done.stdout.str()
