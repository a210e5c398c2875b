"""The pages hold together: their code compiles, their links lead somewhere, their names exist."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from app.settings import Settings

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if page.parent.name not in ("http", "reports")]
GENERATED = ("reference/settings.md", "reference/http/")

OTHERS = {
    "SMARA_API_KEY",  # The SDK, smara-mcp and the examples.
    "SMARA_API_URL",
    "SMARA_USER_ID",  # smara-mcp.
    "SMARA_NAMESPACE",
    "SMARA_TEAM_ID",
    "SMARA_SOURCE",
}

_BLOCK = re.compile(r"^( *)```python\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_FENCED = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_INCLUDED = re.compile(r'--8<-- "([^"]+)"')
_VARIABLE = re.compile(r"\bSMARA_[A-Z_]+[A-Z]\b")


@pytest.fixture(scope="module")
def generators() -> Iterator[dict[str, ModuleType]]:
    """The modules that write the generated pages."""
    sys.path.insert(0, str(DOCS))
    import http_reference
    import settings_reference

    yield {"http": http_reference, "settings": settings_reference}
    sys.path.remove(str(DOCS))


def identify(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_every_python_block_compiles(page: Path) -> None:
    for indent, code in _BLOCK.findall(page.read_text()):
        code = re.sub(f"^{indent}", "", code, flags=re.MULTILINE)
        ast.parse(code)


def test_examples_are_included_as_files() -> None:
    included = {name for page in PAGES for name in _INCLUDED.findall(page.read_text())}
    # In a block called `python` a formatter takes the mark for code, and spoils it.
    assert len(included) == 13
    assert [name for name in included if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_every_link_leads_to_a_page_and_its_heading(page: Path) -> None:
    broken = []
    for link in _LINK.findall(_FENCED.sub("", page.read_text())):
        path, _, anchor = link.partition("#")
        if "://" in link or path.startswith(("mailto:", "/")):
            continue
        target = (page.parent / path).resolve() if path else page
        place = target.relative_to(DOCS).as_posix() if target.is_relative_to(DOCS) else path
        if place.startswith(GENERATED) or place.startswith("images/"):
            continue
        if not target.exists() or (anchor and anchor not in headings(target)):
            broken.append(link)
    assert broken == []


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as the site makes them."""
    titles = re.findall(r"^#+ (.+)$", _FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_every_variable_that_is_named_exists(page: Path, generators: dict[str, ModuleType]) -> None:
    known = OTHERS | {generators["settings"].variable(name) for name in Settings.model_fields}
    assert set(_VARIABLE.findall(page.read_text())) - known == set()


def test_every_setting_is_described_and_nothing_else(generators: dict[str, ModuleType]) -> None:
    reference = generators["settings"]
    listed = [name for _, names in reference.groups() for name in names]
    assert sorted(listed) == sorted(Settings.model_fields.keys() - reference.INTERNAL)
    assert all(reference.says(name) for name in listed)
    described = {name for name, field in Settings.model_fields.items() if field.description}
    assert reference.SAYS.keys() - Settings.model_fields.keys() == set()
    assert reference.SAYS.keys() & described == set()


def test_the_settings_page_has_names_defaults_and_units(
    generators: dict[str, ModuleType],
) -> None:
    page = generators["settings"].page()
    assert "| `SMARA_LEASE_SECONDS` | `300` s | How long a dead worker" in page
    assert "| `DATABASE_URL` |  | Postgres with pgvector." in page
    assert "SMARA_CRASH_DIR" not in page


def test_every_route_has_its_place_in_the_http_reference(
    generators: dict[str, ModuleType], tmp_path: Path
) -> None:
    names = {name for _, name in generators["http"].write(tmp_path)}
    assert names == {page.name for page in tmp_path.iterdir()}
    overview = (tmp_path / "index.md").read_text()
    for path, methods in generators["http"].api_schema()["paths"].items():
        for method, operation in methods.items():
            link = re.search(
                rf"\[`{method.upper()} {re.escape(path)}`\]\((\w+\.md)#([\w-]+)\)", overview
            )
            assert link, (method, path)
            page = (tmp_path / link[1]).read_text()
            assert f"## {method.upper()} {path} {{ #{link[2]} }}" in page
            for parameter in operation.get("parameters", ()):
                assert f"| `{parameter['name']}` | {parameter['in']} |" in page


def test_links_within_the_http_reference_lead_somewhere(
    generators: dict[str, ModuleType], tmp_path: Path
) -> None:
    generators["http"].write(tmp_path)
    for page in tmp_path.iterdir():
        text = page.read_text()
        places = set(re.findall(r"\{ #([\w-]+) \}", text))
        assert set(re.findall(r"\]\(#([\w-]+)\)", text)) - places == set(), page.name


def test_no_page_is_left_out_of_the_navigation() -> None:
    configured = (ROOT / "mkdocs.yml").read_text()
    pages = {page.relative_to(DOCS).as_posix() for page in PAGES}
    missing = {page for page in pages if page not in configured and "decisions/" not in page}
    assert missing == set()


def test_pages_load_nothing_from_elsewhere() -> None:
    configured = (ROOT / "mkdocs.yml").read_text()
    assert "offline" not in configured  # That plugin brings a script of a public CDN.
    assert "font: false" in configured
    assert "extra_javascript" not in configured
    assert "mermaid" not in configured
    for page in PAGES:
        assert re.findall(r"(?:src|href)=.?https?:|!\[[^\]]*\]\(https?:", page.read_text()) == []
