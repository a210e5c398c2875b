"""The commands that a newcomer pastes: what the demo prints at its end, and the shell blocks of the
pages. Each is whole on its line, and the quick starts do what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from examples.demo.__main__ import NEXT
from tests.support.client import Client
from tests.support.stack import Stack

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "sdk/README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_SHELL = re.compile(r"^( *)```bash\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
ADDRESS = "http://localhost:3010"


def blocks(page: Path) -> list[str]:
    return [
        re.sub(f"^{indent}", "", block, flags=re.MULTILINE)
        for indent, block in _SHELL.findall(page.read_text())
    ]


def next_commands(width: int) -> list[str]:
    """The commands under the demo's last heading, as a terminal of this width shows them."""
    out = Console(file=StringIO(), width=width, highlight=False, force_terminal=False)
    out.print(NEXT, end="", soft_wrap=True)
    printed: str = out.file.getvalue()  # type: ignore[attr-defined]
    return [line.strip() for line in printed.splitlines() if line.startswith("  ")]


@pytest.fixture
def newcomer(stack: Stack, client: Client, tmp_path: Path) -> Path:
    """A checkout after `make up`, as far as the commands need it."""
    key = client.http.headers["authorization"].removeprefix("Bearer ")
    (tmp_path / ".data").mkdir()
    (tmp_path / ".data/api_key").write_text(key + "\n")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def pasted(stack: Stack, checkout: Path, text: str) -> str:
    """What the commands print, pasted one after another into one shell."""
    assert text.count(ADDRESS) == text.count(".data/api_key") == 1, "each is written once"
    env = {name: value for name, value in os.environ.items() if not name.startswith("SMARA_")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text.replace(ADDRESS, stack.base_url)],
        cwd=checkout,
        env={**env, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("width", [60, 80, 110, 200])
def test_each_command_that_the_demo_prints_is_whole_on_its_line(width: int) -> None:
    commands = next_commands(width)
    assert commands == next_commands(1_000)
    assert commands[0] == "make up"
    for command in commands:
        checked = subprocess.run(["bash", "-nc", command], capture_output=True, text=True)
        assert (checked.returncode, checked.stderr) == (0, ""), command
        assert re.match(r"make |source |export |echo |curl |smara ", command), command


def test_the_commands_that_the_demo_prints_do_what_they_say(stack: Stack, newcomer: Path) -> None:
    _, *commands = next_commands(80)
    printed = pasted(stack, newcomer, "\n".join(commands))
    assert "stored     User lives in Lisbon.\n" in printed
    assert printed.endswith("User lives in Lisbon.\n")


def test_the_quick_start_does_what_it_says(stack: Stack, newcomer: Path) -> None:
    page = (ROOT / "README.md").read_text()
    quick_start = page[page.index("## Quick start") : page.index("## How it works")]
    blocks = [block for _, block in _SHELL.findall(quick_start)]
    printed = pasted(stack, newcomer, "".join(blocks))

    assert re.match(r"stored  [0-9a-f-]{36}\nstored     User ", printed)
    [promised] = re.findall(r"((?:^    \[\d\] .*\n)+)    …\n", quick_start, re.MULTILINE)
    said = re.findall(r"^\[\d\] .*$", printed, re.MULTILINE)
    assert [line.strip() for line in promised.splitlines()] == said[:2]
    assert '"context":' in printed.splitlines()[-1]


def test_no_function_or_alias_hides_a_command_of_ours() -> None:
    ours = re.compile(r"\b(?:alias )?(?:smara|smara-server|smara-mcp)(?: ?\(\)|=\S*curl)")
    assert [page.name for page in PAGES if ours.search(page.read_text())] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_shell_block_can_be_pasted(page: Path) -> None:
    for block in blocks(page):
        checked = subprocess.run(["bash", "-nc", block], capture_output=True, text=True)
        assert (checked.returncode, checked.stderr) == (0, ""), block
