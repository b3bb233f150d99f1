"""Nothing that a page sends makes the browser ask another host; tests/browser watches it live."""

import ast
import re
import tomllib
from xml.etree import ElementTree

from core.paths import PROJECT
from pages.shared.frame import navigation

SENT = (".js", ".css", ".html", ".svg")
# Names of namespaces, which nobody asks for.
NAMES = re.compile(r"http://www\.w3\.org/[\w/]+")
OTHER_HOST = re.compile(r"(https?|wss?):\\?/\\?/|(src|href)=[\"']//|url\([\"']?//|@import")


def test_scripts_styles_and_templates_name_no_host():
    sent = [path for path in (PROJECT / "pages").rglob("*") if path.suffix in SENT]
    assert {path.suffix for path in sent} == set(SENT)
    for path in sent:
        assert not OTHER_HOST.search(NAMES.sub("", path.read_text())), path


def test_the_icon_of_the_tab_is_a_file_of_the_project():
    """Streamlit fetches an icon that it knows by name from a host outside."""
    assert ElementTree.parse(navigation.ICON).getroot().tag.endswith("svg")
    assert navigation.ICON.is_relative_to(PROJECT)
    tree = ast.parse((PROJECT / "pages/shared/frame/navigation.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    icons = [
        ast.unparse(keyword.value)
        for call in calls
        for keyword in call.keywords
        if ast.unparse(call.func).endswith("set_page_config") and keyword.arg == "page_icon"
    ]
    assert icons == ["ICON"]
    others = [path for path in (PROJECT / "pages").rglob("*.py") if path.name != "navigation.py"]
    assert not any("set_page_config" in path.read_text() for path in others)


def test_the_server_has_a_name():
    """Without one Streamlit asks a host outside for the address of this machine."""
    with open(PROJECT / ".streamlit" / "config.toml", "rb") as file:
        assert tomllib.load(file)["browser"]["serverAddress"] == "localhost"
