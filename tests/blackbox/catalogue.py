"""Catalogues to import: the real term beside the repository when it is there, and a seeded one of our own."""

import csv
import io
import random
from pathlib import Path

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "catalogue-fall.csv"
OWN_SECTIONS = 120
COLUMNS = ["id", "title", "credits", "capacity", "enrolled", "meets"]


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def render(rows, columns=None):
    out = io.StringIO()
    writer = csv.DictWriter(out, columns or list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def own(seed=1):
    """A catalogue of our own: a few wanted by all, most by few."""
    chance = random.Random(seed)
    rows = []
    for number in range(OWN_SECTIONS):
        capacity = chance.choice([6, 12, 16, 20, 30, 40])
        rows.append({"id": f"2026-{1001 + number}", "title": f"Seminar {number}, \"first\" part", "credits": 4,
                     "capacity": capacity, "enrolled": max(1, int(capacity * chance.paretovariate(2) / 2)),
                     "meets": chance.choice(["TR 1005-1130", "MWF 1355-1450", "T 1915-2210", ""])})
    return render(rows, COLUMNS)


def text():
    return REAL.read_text(encoding="utf-8") if REAL.exists() else own()


def with_price(text, price):
    rows = rows_of(text)
    return render([row | {"price": price} for row in rows])
