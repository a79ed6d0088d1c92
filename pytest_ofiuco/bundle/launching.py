"""``__main__.py`` of a pex-like zip: it unpacks the zip once, into a cache, and starts what it is for.

Shared libraries cannot be loaded out of a zip, and many packages look for files beside their modules.
"""

from __future__ import annotations

from pytest_ofiuco.bundle.entries import Entry
from pytest_ofiuco.core.target import Target

PATH = "__main__.py"
VARIABLE = "OFIUCO_ZIP_CACHE"
"""Where zips unpack to, if not in the user's cache folder."""

_TEMPLATE = """\
import os
import platform
import runpy
import shutil
import sys
import tempfile
import zipfile

CONTENT = {content!r}
MADE_FOR = {made_for!r}
PYTHON = {python!r}
SYSTEM = {system!r}
MACHINE = {machine!r}
MODULE, FUNCTION = {module!r}, {function!r}


def fail(reason, hint):
    sys.stderr.write("error: %s: %s\\nhint: %s\\n" % (os.path.basename(archive()), reason, hint))
    sys.exit(1)


def archive():
    return os.path.abspath(sys.path[0] if not os.path.isdir(sys.path[0]) else sys.argv[0])


def check():
    here = "Python %d.%d on %s %s" % (sys.version_info[0], sys.version_info[1], platform.system(), platform.machine())
    fits = (
        sys.version_info[:2] == PYTHON
        and sys.platform == SYSTEM
        and (MACHINE is None or platform.machine() == MACHINE)
    )
    if not fits:
        fail("it was made for " + MADE_FOR + ", and this is " + here, "run it there, or make a zip for this platform")


def unpacked():
    base = os.environ.get({variable!r})
    if not base:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        base = os.path.join(base, "ofiuco-zip")
    folder = os.path.join(base, CONTENT)
    if not os.path.isdir(folder):
        try:
            os.makedirs(base, mode=0o700, exist_ok=True)
            temporary = tempfile.mkdtemp(dir=base)
            try:
                with zipfile.ZipFile(archive()) as members:
                    for member in members.infolist():
                        path = members.extract(member, temporary)
                        os.chmod(path, member.external_attr >> 16 & 0o777)
                os.rename(temporary, folder)
            except OSError:
                shutil.rmtree(temporary, ignore_errors=True)
                if not os.path.isdir(folder):
                    raise
        except OSError as error:
            fail("cannot be unpacked to %s: %s" % (base, error.strerror), "name another folder with {variable}")
    return folder


def main():
    check()
    sys.path[0] = os.path.join(unpacked(), "site")
    if FUNCTION is None:
        runpy.run_module(MODULE, run_name="__main__", alter_sys=True)
        return 0
    found = __import__(MODULE, fromlist=["_"])
    for name in FUNCTION.split("."):
        found = getattr(found, name)
    return found()


if __name__ == "__main__":
    sys.exit(main())
"""


def launcher(main: str, target: Target, content: str, package: str, *, is_pure: bool) -> Entry:
    """The file; ``content`` is the hash of everything else in the zip, and names the folder that it unpacks to."""
    module, _, function = main.partition(":")
    environment = target.environment
    text = _TEMPLATE.format(
        content=content,
        made_for=str(target),
        python=target.python.minor,
        system=environment["sys_platform"],
        machine=None if is_pure else environment["platform_machine"],
        module=module,
        function=function or None,
        variable=VARIABLE,
    )
    return Entry.of(PATH, package, text.encode())
