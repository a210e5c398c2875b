"""Names and prose use the words of docs/reference/glossary.md, and what is cited exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.api.app import create_app

ROOT = Path(__file__).parents[3]
CONTRACT = ROOT / "docs/reference/contract.md"

IN_NAMES = {"bell", "bells", "doorbell", "drain", "drains", "tidy", "guesses", "pacing", "fuse"}
"""Words of which no name is made."""
AS_NAMES = {"held", "erased", "once"}
"""Words that say nothing as the whole name of a module, class or function."""
IN_PROSE = re.compile(r"\b(doorbells?|bells?|tidy|tidies|guesses|pacing|fuses?)\b", re.IGNORECASE)
NOT_HERE = re.compile(r"\b(?:the|public|published) guide\b|\bstyle guide\b|\bfault list\b", re.I)
"""Documents that are not in this repository."""

CODE = ("app", "sdk", "benchmarks", "evals", "examples", "docs")
TESTS = ("tests", "torture")
OTHER = ("Makefile", "Dockerfile", "docker-compose.yml", "mkdocs.yml", ".env.example", "deploy/*")
GENERATED = ("docs/reference/http", "docs/reference/settings.md", "docs/images")

_PLACE = r"(?:app|docs|sdk|examples|deploy|benchmarks|evals|tests|torture)"
_CITED = re.compile(rf"(?<![\w/.~-]){_PLACE}(?:/[\w.-]*\w)+")
_TEST = re.compile(r"(?<![\w/.-])test_\w+\.py\b")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_EVENT = re.compile(r"log\.(?:debug|info|warning|error)\(\s*\"(\w+)\"")
_METRIC = re.compile(r"\bsmara_[a-z_]+")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python(*folders: str) -> list[Path]:
    """The Python files of some folders, this one left out, since it names the words."""
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != Path(__file__) and ".venv" not in path.parts
    ]


def pages() -> list[Path]:
    """Every page that people read; the changelog and reports tell of the past."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("sdk/*.md"), *(ROOT / "docs").rglob("*.md")]
    return [
        page
        for page in sorted(found)
        if page.name != "CHANGELOG.md"
        and "reports" not in page.parts
        and not name_of(page).startswith(GENERATED)
    ]


def words(name: str) -> set[str]:
    """The words of a name: ``openCircuit`` and ``open_circuit`` have the same two."""
    return set(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_"))


def names(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Every name that a module gives, and whether it is that of a class or function."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name, True
            case ast.AsyncFunctionDef(name=name):
                yield name, True
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name, False
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, False


def docstrings(path: Path) -> Iterator[str]:
    """Every text that stands alone: docstrings, and what follows a constant."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Expr(value=ast.Constant(value=str() as text)):
                yield text


@pytest.mark.parametrize("path", python(*CODE), ids=name_of)
def test_names_are_made_of_the_fields_words(path: Path) -> None:
    given = [(path.stem, True), *names(ast.parse(path.read_text("utf-8")))]
    assert [name for name, _ in given if words(name) & IN_NAMES] == []
    assert [name for name, is_made in given if is_made and name.strip("_") in AS_NAMES] == []


def test_log_events_and_metrics_are_made_of_the_fields_words() -> None:
    source = "\n".join(path.read_text("utf-8") for path in python("app"))
    named = set(_EVENT.findall(source)) | set(_METRIC.findall(source))
    assert len(named) > 30
    assert [name for name in sorted(named) if words(name) & (IN_NAMES | AS_NAMES)] == []


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_headings_are_made_of_the_fields_words(page: Path) -> None:
    headings = _HEADING.findall(_FENCED.sub("", page.read_text("utf-8")))
    found = [each for each in headings if set(re.findall(r"\w+", each.lower())) & IN_NAMES]
    found += [each for each in headings if set(re.findall(r"\w+", each.lower())) & AS_NAMES]
    assert found == []


def test_prose_has_no_private_words() -> None:
    other = [path for pattern in OTHER for path in ROOT.glob(pattern)]
    found = [
        (name_of(path), said.group())
        for path in [*pages(), *python(*CODE, *TESTS), *other]
        for text in [path.read_text("utf-8")]
        for said in [*IN_PROSE.finditer(text), *NOT_HERE.finditer(text)]
        if "reports" not in path.parts
    ]
    assert found == []


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("sdk/*.md")]), ids=name_of)
def test_every_link_of_the_pages_beside_the_manual_leads_somewhere(page: Path) -> None:
    links = _LINK.findall(_FENCED.sub("", page.read_text("utf-8")))
    paths = {link.partition("#")[0] for link in links if "://" not in link}
    assert [path for path in sorted(paths) if path and not (page.parent / path).exists()] == []


def test_every_cited_path_exists() -> None:
    cited = [(page, page.read_text("utf-8")) for page in pages()]
    cited += [(path, text) for path in python(*CODE, *TESTS) for text in docstrings(path)]
    missing = [
        (name_of(path), place)
        for path, text in cited
        for place in _CITED.findall(text)
        if not exists(place)
    ]
    assert missing == []


def exists(place: str) -> bool:
    """Whether a cited file or folder exists; a folder of tests may be described before it does."""
    if place.startswith(GENERATED) or (ROOT / place).exists():
        return True
    is_folder = "." not in place.rsplit("/", 1)[-1]
    return is_folder and (place.startswith(TESTS) or Path(ROOT / f"{place}.py").exists())


def test_every_test_file_that_a_docstring_names_exists() -> None:
    there = {path.name for path in python(*TESTS)}
    missing = [
        (name_of(path), named)
        for path in python(*TESTS)
        for text in docstrings(path)
        for named in _TEST.findall(text)
        if named not in there
    ]
    assert missing == []


def test_the_contract_has_every_number_that_is_cited() -> None:
    page = CONTRACT.read_text("utf-8")
    rules, _, rest = page.partition("## 0.1 ")
    faults = rest.partition("\n## 6. ")[2]
    sections = set(re.findall(r"^#+ ([\d.]*\d)", page, re.MULTILINE))
    lenient = re.findall(r"^(\d+)\. ", rest.partition("### 4.4 ")[2].partition("\n## 5. ")[0], re.M)
    known = {
        "rule": set(re.findall(r"^(\d+)\. ", rules, re.MULTILINE)),
        "fault": set(re.findall(r"^(\d+)\. ", faults, re.MULTILINE)),
        "§": sections | {f"4.4.{number}" for number in lenient},
    }
    said = "\n".join(text for path in python("tests", "app") for text in docstrings(path))
    cited = {
        "rule": set(re.findall(r"\b[Rr]ules? (\d+)", said)),
        "fault": set(re.findall(r"\bFault (\d+)", said)),
        "§": set(re.findall(r"§([\d.]*\d)", said)),
    }
    assert {kind: len(numbers) for kind, numbers in known.items()}["rule"] == 16
    assert {kind: sorted(cited[kind] - known[kind]) for kind in cited} == {
        "rule": [],
        "fault": [],
        "§": [],
    }


def test_every_route_is_in_the_contract() -> None:
    bare = re.sub(r"\{[^}]*\}", "{}", CONTRACT.read_text("utf-8"))
    paths = {re.sub(r"\{[^}]*\}", "{}", path) for path in create_app().openapi()["paths"]}
    assert len(paths) > 40
    assert [path for path in sorted(paths) if path not in bare] == []


def test_every_word_of_the_glossary_is_defined_once() -> None:
    page = (ROOT / "docs/reference/glossary.md").read_text("utf-8")
    lines = [line for line in page.splitlines() if line.startswith("- ")]
    defined = [word for line in lines for word in re.findall(r"\*\*(.+?)\*\*", line)]
    assert len(defined) > 80
    assert sorted(word for word in set(defined) if defined.count(word) > 1) == []
