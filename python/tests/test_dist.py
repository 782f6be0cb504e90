import base64
import csv
import hashlib
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "dist.py"


def build(folder: Path) -> list[Path]:
    subprocess.run([sys.executable, str(SCRIPT), str(folder)], check=True, stdout=subprocess.DEVNULL)
    return sorted(folder.iterdir())


def test_wheel_and_source_archive_are_whole_and_repeatable(tmp_path: Path) -> None:
    wheel, source = build(tmp_path / "one")
    again = build(tmp_path / "two")
    assert [p.read_bytes() for p in again] == [wheel.read_bytes(), source.read_bytes()]
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        record = next(n for n in names if n.endswith("/RECORD"))
        rows = {row[0]: row for row in csv.reader(archive.read(record).decode().splitlines())}
        assert sorted(rows) == sorted(names)
        for name, digest, size in rows.values():
            content = archive.read(name)
            if name != record:
                own = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                assert (digest, int(size)) == (f"sha256={own}", len(content))
        assert "cohort_learner/py.typed" in names and "cohort_learner/wire.py" in names
        metadata = archive.read(record.replace("RECORD", "METADATA")).decode()
        assert "\nRequires-Dist: torch>=1.13\n" in metadata and "\nRequires-Python: >=3.9\n" in metadata
    with tarfile.open(source) as archive:
        inside = [name.partition("/")[2] for name in archive.getnames()]
    assert {"PKG-INFO", "pyproject.toml", "README.md", "cohort_learner/student.py"} <= set(inside)
