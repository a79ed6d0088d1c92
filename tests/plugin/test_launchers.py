"""Sessions with a cell whose interpreter stands behind a launcher: a command that runs what follows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ofiuco.store.interpreters import host_platform
from tests.plugin.conftest import Project

pytestmark = pytest.mark.e2e


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    """Sets a variable, and notes that it was called."""
    script = tmp_path / "launcher"
    script.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\nLAUNCHED=$1\nshift\nexport LAUNCHED\nexec "$@"\n')
    script.chmod(0o755)
    return script


def _configure(project: Project, launcher: str) -> None:
    box = f'[tool.ofiuco.platform.box]\ntag = "{host_platform()}"\npython = ["3.13"]\nlauncher = {launcher}\n'
    cells = 'platforms = ["host", "box"]\nexclude = [{ python = "3.13", platform = "host" }]'
    project.configure(ofiuco=cells, more=box)


def test_a_session(project: Project, launcher: Path) -> None:
    _configure(project, f'["{launcher}", "argument"]')
    project.write(
        {
            "test_a.py": """
            import os, signal, sys

            def test_launched(ofiuco_cell):
                is_box = ofiuco_cell.platform == "box"
                assert os.environ.get("LAUNCHED") == ("argument" if is_box else None)
                assert sys.prefix != sys.base_prefix

            def test_dies(ofiuco_cell):
                if ofiuco_cell.platform == "box":
                    os.write(2, b"last words")
                    os.kill(os.getpid(), signal.SIGKILL)

            def test_lives():
                pass
            """
        }
    )
    first = project.matrix()
    first.assert_outcomes(passed=6, failed=1)  # with an inspection
    first.stdout.fnmatch_lines(["*py313-box was killed by SIGKILL while running*", "*last words*"])
    calls = (launcher.parent / "calls").read_text().splitlines()
    assert sum("probe.py" in call for call in calls) == 1

    second = project.matrix("-k", "not dies")
    second.assert_outcomes(passed=5, deselected=2)
    second.stdout.fnmatch_lines(["Preparing environments: 2/2 (2 cached, 0 built)"])
    calls = (launcher.parent / "calls").read_text().splitlines()
    assert sum("probe.py" in call for call in calls) == 1  # the plan was told again


IMPATIENT = "from pytest_ofiuco.run import limits\n\nlimits.START_SECONDS, limits.SLOW = 2.0, 1.5\n"
HANGS = """\
#!/bin/sh
case " $* " in *" -u -c "*)
  if [ "$(ls {folder} | wc -l)" -lt {times} ]; then
    touch {folder}/$$
    echo "no answer yet" >&2
    sleep 60
  fi;;
esac
exec "$@"
"""


@pytest.mark.parametrize("times", [1, 2])
def test_a_worker_that_hangs_at_its_start(project: Project, tmp_path: Path, times: int) -> None:
    """It is started again, once; the second one has more time."""
    hung, script = tmp_path / "hung", tmp_path / "launcher"
    hung.mkdir()
    script.write_text(HANGS.format(folder=hung, times=times))
    script.chmod(0o755)
    (tmp_path / "impatient.py").write_text(IMPATIENT)
    _configure(project, f'["{script}"]')
    project.write({"test_a.py": "def test(): pass\n"})
    options = ("-p", "impatient", "--ofiuco-platform", "box", "--ofiuco-inspect=none")
    done = project.matrix(*options, PYTHONPATH=str(tmp_path))
    if times == 1:
        done.assert_outcomes(passed=1)
    else:
        done.assert_outcomes(errors=1)
        done.stdout.fnmatch_lines(["the worker of py313-box did not answer within * s", "no answer yet"])
    said = "a worker said nothing for 2 s after its start, was ended, and started again"
    done.stdout.fnmatch_lines([f"ofiuco: py313-box: {said}"])
    assert len(list(hung.iterdir())) == times


@pytest.mark.parametrize(
    ("launcher", "expected"),
    [
        pytest.param(
            "false", "skipped: manylinux_*_* is not run (`launcher = false`); its * packages resolve", id="none"
        ),
        pytest.param(
            '["no-such-launcher"]', "*no-such-launcher *cannot be used: No such file or directory", id="absent"
        ),
        pytest.param('["true"]', "*true *cannot be used: it does not answer as a Python does", id="silent"),
    ],
)
def test_a_launcher_that_launches_nothing(launcher: str, expected: str, project: Project) -> None:
    _configure(project, launcher)
    project.write({"test_a.py": "def test(): pass\n"})
    done = project.matrix("-rs")
    lines = [*done.stdout.lines, *done.stderr.lines]
    pytest.LineMatcher(lines).fnmatch_lines([f"*{expected}*"])
    is_skipped = launcher == "false"
    done.assert_outcomes(passed=1 + is_skipped, skipped=int(is_skipped), errors=int(not is_skipped))
    assert "Traceback" not in "\n".join(lines)
