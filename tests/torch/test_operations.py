"""How much of keras.ops is converted: the table of tests/fixtures/families/operations.py, whose
fixtures test_numbers compares with Keras (and which is all of keras.ops, as making them checks)."""

import importlib.util
import pathlib
import sys

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures"
LEAST = 200


def load_table():
    sys.path.insert(0, str(FIXTURES))
    path = FIXTURES / "families/operations.py"
    spec = importlib.util.spec_from_file_location("family_operations", path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FIXTURES))
    return module


def test_functions_are_many(fixtures_root):
    table = load_table()
    covered = set(table.FUNCTIONS) - set(table.ALIASES)
    assert all(table.FUNCTIONS[name] for name in covered)
    assert len(covered) >= LEAST
    for name, reason in sorted(table.REFUSED.items()):
        print(f"refused: keras.ops.{name}: {reason}")
    print(f"converted: {len(covered)} functions of keras.ops")
    # Each of them is in a fixture that is compared.
    made = {path.stem for path in (fixtures_root / "keras3/operations").glob("ops_*.json")}
    assert len(made) == len(table.groups(table.FUNCTIONS))
