"""docs/ops.md says what there is."""
import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "docs" / "generate_ops.py"


def test_the_page_is_current():
    spec = importlib.util.spec_from_file_location("generate_ops", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.PAGE.read_text() == script.page(), "run python docs/generate_ops.py"
