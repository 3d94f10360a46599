"""`pycrm plugin freeze` and what `pycrm migrate` can be asked beforehand."""

from __future__ import annotations

import importlib
import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycrm import CRM
from pycrm.cli.errors import ExitCode

from .conftest import Run

SOURCE = """
    from pycrm.plugin import Plugin, Record, field
    plugin = Plugin("greeter")

    @plugin.entity(title="text")
    class Greeting(Record):
        text: str = field.text(max_length={length})
"""

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """A function that installs a release of the plugin ``greeter`` as a package, and returns its folder."""
    monkeypatch.syspath_prepend(tmp_path)
    # Two releases written within a second would share their bytecode.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    package = tmp_path / "greeter_package"

    def add(version: str, length: int = 100) -> Path:
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text(textwrap.dedent(SOURCE.format(length=length)), "utf-8")
        for info in tmp_path.glob("greeter-*.dist-info"):
            info.rename(tmp_path / f"greeter-{version}.dist-info")
            break
        else:
            info = tmp_path / f"greeter-{version}.dist-info"
            info.mkdir()
        info = tmp_path / f"greeter-{version}.dist-info"
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: greeter\nVersion: {version}\n", "utf-8")
        (info / "entry_points.txt").write_text("[pycrm]\ngreeter = greeter_package:plugin\n", "utf-8")
        importlib.invalidate_caches()
        for name in [name for name in sys.modules if name.startswith("greeter_package")]:
            del sys.modules[name]
        return package

    yield add
    sys.modules.pop("greeter_package", None)


class TestFreeze:
    def test_writes_the_release(self, run: Run, install: Install) -> None:
        """The file says what the release declares; doing it again changes nothing, and the check is content."""
        package = install("1.0")

        first = run("plugin", "freeze", "greeter")
        assert (first.code, first.out) == (0, f"wrote {package / 'migrations' / '1.0.json'}\n")
        text = (package / "migrations" / "1.0.json").read_text("utf-8")
        data = json.loads(text)
        assert {key: data[key] for key in ("format", "owner", "version")} == {
            "format": 1,
            "owner": "greeter",
            "version": "1.0",
        }
        assert data["entities"]["greeter.greeting"]["fields"]["text"]["options"] == {"max_length": 100}
        assert run("plugin", "freeze", "greeter").code == 0
        assert (package / "migrations" / "1.0.json").read_text("utf-8") == text
        checked = run("plugin", "freeze", "greeter", "--check", "--json")
        assert checked.data == {"plugin": "greeter", "version": "1.0", "file": str(package / "migrations" / "1.0.json")}

    def test_a_release_never_changes(self, run: Run, install: Install) -> None:
        """What is frozen is neither overwritten nor passed by another declaration; a new version is the way."""
        install("1.0")
        run("plugin", "freeze", "greeter")
        package = install("1.0", length=200)

        for words in (("freeze", "greeter"), ("freeze", "greeter", "--check")):
            done = run("plugin", *words)
            assert done.code == ExitCode.PLUGIN
            assert "entities.greeter.greeting.fields.text.options.max_length: released 100, declared 200" in done.err
        install("1.1", length=200)
        assert run("plugin", "freeze", "greeter", "--check").code == ExitCode.PLUGIN
        assert run("plugin", "freeze", "greeter").code == 0
        assert sorted(path.name for path in (package / "migrations").iterdir()) == ["1.0.json", "1.1.json"]

    def test_what_cannot_be_frozen(self, run: Run, install: Install) -> None:
        """An unknown plugin, one without a version, and a file that is none are told."""
        package = install("1.0")
        (package / "migrations").mkdir()
        (package / "migrations" / "1.0.json").write_text("{}", "utf-8")

        assert "no plugin 'greetr' is installed; did you mean 'greeter'" in run("plugin", "freeze", "greetr").err
        broken = run("plugin", "freeze", "greeter")
        assert broken.code == ExitCode.CONFIGURATION
        assert "migrations/1.0.json of 'greeter' is no released snapshot" in broken.err
        install("dev")
        assert "'dev', which is no release" in run("plugin", "freeze", "greeter").err

    def test_core_and_built_ins(self, run: Run) -> None:
        """They have releases like every plugin."""
        done = run("plugin", "freeze", "core", "--check")
        assert "'core' " in done.err
        assert "run `pycrm plugin freeze core` before the release" in done.err


class TestMigrate:
    def test_released_snapshots_lead_the_way(self, run: Run, install: Install, folder: Path) -> None:
        """An upgrade over two releases goes through the one between."""
        install("1.0")
        run("init")
        install("1.1", length=200)
        run("plugin", "freeze", "greeter")
        install("1.2", length=300)

        planned = run("migrate", "--dry-run")
        steps = planned.lines[1:]
        assert planned.lines[0] == "to be done:"
        assert steps == [
            "upgraded greeter from 1.0 to 1.1",
            "  greeter.greeting.text: max_length changed",
            "upgraded greeter from 1.1 to 1.2",
            "  greeter.greeting.text: max_length changed",
        ]
        assert run("migrate", "--dry-run", "--json").data["planned"] == steps
        assert run("list", "greeter.greeting").code == ExitCode.CONFIGURATION
        assert run("migrate", "--no-backup").lines == steps
        assert run("migrate", "--dry-run").out == "the database is up to date\n"
        assert run("list", "greeter.greeting").code == 0
        assert not list(folder.glob("*.bak"))

    def test_refusals_are_listed(self, run: Run, install: Install) -> None:
        """What stands against it is an error with every reason; the copy is made only where something changes."""
        install("1.0")
        run("init")
        run("create", "greeter.greeting", "text=good morning")
        install("1.1", length=3)

        for words in (("migrate",), ("migrate", "--dry-run")):
            done = run(*words)
            assert done.code == ExitCode.CONFIGURATION
            assert "greeter.greeting.text: 'good morning' has 12 characters where 3 are allowed" in done.err

    def test_parked_plugin_tells_what_it_keeps(self, run: Run, install: Install, tmp_path: Path) -> None:
        """The list of plugins names what a missing one has in the database."""
        install("1.0")
        run("init")
        for info in tmp_path.glob("greeter-*.dist-info"):
            for file in info.iterdir():
                file.unlink()
            info.rmdir()
        importlib.invalidate_caches()

        assert "not installed; kept: greeter.greeting" in run("plugins").out
        (row,) = [each for each in run("plugins", "--json").data if each["state"] == "parked"]
        assert row == {"name": "greeter", "version": "1.0", "state": "parked", "kept": ["greeter.greeting"]}


def test_package_is_needed() -> None:
    """A plugin that is a mere module has no place for its releases."""
    from pycrm.errors import PluginError
    from pycrm.schema.releases import write_release

    crm = CRM("sqlite://", plugins=[])
    with pytest.raises(PluginError, match="make it a package"):
        write_release("x", "1.0", None, {})
    crm.close()
