"""Which arguments of which classes a run has reached: each must take two values besides its
default, or the one that there is.

    coverage.py FOLDER      what is missing, of configurations.jsonl
"""

from __future__ import annotations

import collections
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from conformance.closed import (  # noqa: E402
    NEUTRAL,
    TRAINING_ONLY,
    UNREACHED,
    Rule,
    reason_of,
)

NEEDED = 2

# Besides their default these take one value.
SINGLE_PADDING = (
    "AveragePooling?D MaxPooling?D Conv2D Conv3D Conv?DTranspose ConvLSTM?D DepthwiseConv?D"
    " LocallyConnected?D SeparableConv?D STFTSpectrogram"
)
SINGLE = (
    Rule("data_format", "channels_first"),
    Rule("padding", "same", SINGLE_PADDING),
    Rule("interpolation", "nearest", TRAINING_ONLY),
    Rule("robust_masking", "true", "Softmax", 2),
    Rule("score_mode", "concat", "Attention"),
    Rule("implementation", "1 or 2", "GRU* LSTM*", 2),
)


def read(folder: pathlib.Path) -> list[dict]:
    return list(map(json.loads, (folder / "configurations.jsonl").read_text().splitlines()))


def text_of(value) -> str:
    return json.dumps(value, sort_keys=True)


class Reached:
    """The values of each (class, generation, argument) that are not its default."""

    def __init__(self, rows: list[dict], right: set[str] | None = None):
        self.values = collections.defaultdict(set)
        self.defaults = {}
        for row in rows:
            of_class = (row["class"], row["generation"])
            for argument in row.get("all", ()):
                self.values[(*of_class, argument)] |= set()
            for argument, (value, *default) in row["arguments"].items():
                found = self.values[(*of_class, argument)]
                if default:
                    self.defaults[(*of_class, argument)] = default[0]
                if (right is None or row["id"] in right) and [value] != default:
                    found.add(text_of(value))

    def needed(self, key) -> int:
        if reason_of(SINGLE, *key) or isinstance(self.defaults.get(key), bool):
            return 1
        return NEEDED

    def missing(self) -> list[dict]:
        """What takes too few values: why, where that is known."""
        return [
            {
                "class": key[0],
                "generation": key[1],
                "argument": key[2],
                "values": sorted(found),
                "reason": reason_of(UNREACHED, *key),
            }
            for key, found in sorted(self.values.items())
            if not reason_of(NEUTRAL, *key) and len(found) < self.needed(key)
        ]


def main() -> int:
    missing = Reached(read(pathlib.Path(sys.argv[1]))).missing()
    for it in missing:
        reason = it["reason"] or "?"
        print(f"{it['class']} {it['generation']}: {it['argument']} {it['values']}: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
