"""Builds wheel and source archive of cohort-learner with the standard library alone, byte-identical wherever it runs.

Usage: dist.py OUT_FOLDER
"""

import base64
import gzip
import hashlib
import io
import re
import sys
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = "cohort_learner"
EPOCH = (1980, 1, 1, 0, 0, 0)


def setting(key: str) -> str:
    """A text of the [project] table."""
    found = re.search(rf'^{key} = "([^"]+)"', (HERE / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    if found is None:
        sys.exit(f"pyproject.toml: no {key}")
    return found[1]


def metadata() -> str:
    """The core metadata, version 2.1."""
    text = (HERE / "pyproject.toml").read_text("utf-8")
    needed = re.search(r"^dependencies = \[([^\]]*)\]", text, re.MULTILINE)
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {setting('name')}",
        f"Version: {setting('version')}",
        f"Summary: {setting('description')}",
        f"Requires-Python: {setting('requires-python')}",
        *(f"Requires-Dist: {name}" for name in re.findall(r'"([^"]+)"', needed[1] if needed else "")),
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join(lines) + "\n\n" + (HERE / "README.md").read_text("utf-8")


def sources() -> dict[str, bytes]:
    """The files of the package by their paths."""
    files = [*(HERE / PACKAGE).glob("*.py"), HERE / PACKAGE / "py.typed"]
    return {f"{PACKAGE}/{file.name}": file.read_bytes() for file in sorted(files)}


def wheel(folder: Path) -> Path:
    """Writes the wheel."""
    info = f"{PACKAGE}-{setting('version')}.dist-info"
    about = "Wheel-Version: 1.0\nGenerator: cohort\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {**sources(), f"{info}/METADATA": metadata().encode(), f"{info}/WHEEL": about.encode()}
    records = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        records.append(f"{name},sha256={digest},{len(content)}")
    files[f"{info}/RECORD"] = "\n".join([*records, f"{info}/RECORD,,", ""]).encode()
    path = folder / f"{PACKAGE}-{setting('version')}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return path


def source_archive(folder: Path) -> Path:
    """Writes the source archive."""
    top = f"{PACKAGE}-{setting('version')}"
    files = {"PKG-INFO": metadata().encode(), **sources()}
    for name in ("README.md", "pyproject.toml"):
        files[name] = (HERE / name).read_bytes()
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"{top}/{name}")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    path = folder / f"{top}.tar.gz"
    with path.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        packed.write(raw.getvalue())
    return path


if __name__ == "__main__":
    out = Path(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
    out.mkdir(parents=True, exist_ok=True)
    print(wheel(out))
    print(source_archive(out))
