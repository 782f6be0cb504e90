import re
import sys
from pathlib import Path

import pytest
import test_loop
from caller import hello, served

from cohort_learner import wire

PYTHON = Path(__file__).parents[1]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The code of the README, as files."""
    for code in re.findall(r"```python\n(# (\w+\.py)\n.*?)```", (PYTHON / "README.md").read_text(), re.DOTALL):
        (tmp_path / code[1]).write_text(code[0])
    return tmp_path


@pytest.mark.parametrize("file", ["mynet.py", "chosen.py"])
def test_functions_of_the_readme_make_students(files: Path, file: str) -> None:
    with served(hello(model=f"{files / file}:make")) as caller:
        caller.train(1)
        caller.ask(wire.Weights())


def test_the_loop_of_the_readme_trains(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command, log = files / "cohort", files / "log"
    path = [str(PYTHON / "tests"), str(PYTHON)]
    stand_in = test_loop.STAND_IN.format(python=sys.executable, path=path, log=str(log))
    command.write_text(stand_in.replace("while not stopped:", "while step < 3:"))
    command.chmod(0o755)
    monkeypatch.setenv("COHORT_HOME", str(files))
    monkeypatch.syspath_prepend(str(files))
    exec(compile((files / "loop.py").read_text(), "loop.py", "exec"), {})
    assert log.read_text().endswith("drained")
