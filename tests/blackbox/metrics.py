"""/metrics in Prometheus' text format, read into samples; and what rules and dashboards ask of it."""

import json
import re
from pathlib import Path

import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
_SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'([a-z]+)="([^"]*)"')
_NAME = re.compile(r"\b((?:sugang|process)_[a-z_]+)\b(?:\{([^}]*)\})?")
_GROUPING = re.compile(r"\bby \(([^)]*)\)")
_MATCHER = re.compile(r'([a-z]+)(=~|!=|!~|=)"([^"]*)"')
# What the scrape itself adds.
SCRAPE_LABELS = {"job", "instance"}


def parse(text):
    """[(name, labels, value)]"""
    found = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, labels, value = _SAMPLE.match(line).groups()
            found.append((name, dict(_LABEL.findall(labels or "")), float(value)))
    return found


def scrape(management):
    answer = management.get("/metrics")
    assert answer.status == 200
    return parse(answer.body.decode())


def value(samples, name, **labels):
    """The sum of the samples with this name and at least these labels; 0 if there is none."""
    return sum(sample for found, given, sample in samples if found == name and labels.items() <= given.items())


def rule_expressions():
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    return {rule["alert"]: rule["expr"] for group in rules["groups"] for rule in group["rules"]}


def dashboard_expressions():
    dashboard = json.loads((DEPLOY / "grafana" / "sugang.json").read_text())
    return {f"{panel['title']} {target['refId']}": target["expr"] for panel in dashboard["panels"]
            for target in panel.get("targets", ())}


def faults(expression, samples):
    """Names, labels and values in the expression that no sample has."""
    used = set()
    for name, selector in _NAME.findall(expression):
        live = [labels for found, labels, _ in samples if found == name]
        if not live:
            yield f"there is no {name}"
            continue
        used.update(*live)
        for label, operator, wanted in _MATCHER.findall(selector):
            if label in SCRAPE_LABELS:
                continue
            if not all(label in labels for labels in live):
                yield f"{name} has no label {label}"
            elif operator == "=" and not any(labels[label] == wanted for labels in live):
                yield f"{name} has no {label}={wanted!r}"
    for grouping in _GROUPING.findall(expression):
        yield from (f"nothing has a label {label}" for label in grouping.split(", ")
                    if label not in used | SCRAPE_LABELS)
