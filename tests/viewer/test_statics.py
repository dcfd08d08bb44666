"""Each page gets its script and its look in one piece, and the developer's tools find the parts."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config.statics import bundled, load

STATIC = settings.BASE_DIR / "static"
TEMPLATES = settings.BASE_DIR / "templates"


def test_what_a_page_names_imports_nothing_more() -> None:
    files = load()
    text = "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    scripts = set(re.findall(r"""type="module" src="{% static '([^']+)' %}""", text))
    styles = set(re.findall(r"""rel="stylesheet" href="{% static '([^']+)' %}""", text))
    assert {"js/viewer/main.js", "js/worklist/main.js"} <= scripts and {"css/study.css", "css/office.css"} <= styles
    for name in scripts | styles:
        content = files[name].content.decode()
        assert not re.search(r"""\bimport\s*["'({*]|@import|[}\w*]\s*\bfrom\s*["']\.?/""", content), name


def test_the_map_of_a_script_shows_the_modules_as_they_were_written() -> None:
    files = load()
    assert files["js/viewer/main.js"].content.endswith(b"sourceMappingURL=main.js.map\n")
    said = json.loads(files["js/viewer/main.js.map"].content)
    parts = dict(zip(said["sources"], said["sourcesContent"], strict=True))
    assert parts["../../../static/js/viewer/viewport.js"] == (STATIC / "js" / "viewer" / "viewport.js").read_text()
    assert all(part.startswith("../../../static/js/") for part in parts), "not where on this machine they lie"


def test_a_script_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    page = tmp_path / "js" / "broken" / "main.js"
    page.parent.mkdir(parents=True)
    page.write_text('import { nothing } from "./missing.js";\n')
    with pytest.raises(ImproperlyConfigured, match=r"missing\.js"):
        bundled(tmp_path)
