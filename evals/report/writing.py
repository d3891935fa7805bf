"""The reports of a run: HTML that opens from disk, Markdown, JUnit and JSON."""

from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from evals.gate import verdict_json
from evals.report.labels import label, milliseconds, outcome_label, percent, type_label
from evals.report.view import View
from evals.runs import write_json

TEMPLATES = Path(__file__).with_name("templates")
LISTED = 20
"""Articles of the corpus that are listed one by one."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|#~])")


def write_reports(view: View) -> None:
    """Write every report into the folder of the run."""
    folder = view.evaluation.run.folder
    writers: dict[str, Callable[[View], str]] = {
        "report.html": html,
        "report.md": markdown,
        "junit.xml": junit,
    }
    for name, make in writers.items():
        (folder / name).write_text(make(view), encoding="utf-8", errors="replace", newline="\n")
    write_json(folder / "summary.json", summary_json(view))


def html(view: View) -> str:
    """One file without anything from elsewhere: its policy allows its own script and nothing else."""
    script, style = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.js", "report.css"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return _render(
        view, "report.html", script=Markup(script), style=Markup(style), script_hash=Markup(digest)
    )


def markdown(view: View) -> str:
    """The numbers and the questions that went wrong, for a pull request."""
    return re.sub(r"\n{3,}", "\n\n", _render(view, "report.md"))


def _render(view: View, template: str, **more: Any) -> str:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "percent": percent,
        "ms": milliseconds,
        "label": label,
        "outcome": outcome_label,
        "type": type_label,
        "md": _markdown_text,
    }
    run = view.evaluation.run.config
    corpus = list(run.corpus.items())
    context = {
        **view._asdict(),
        "run": run,
        "outcomes": list(dict.fromkeys(row.outcome for row in view.rows)),
        "types": sorted({row.type for row in view.rows}),
        "wrong": [row for row in view.rows if not row.right],
        "corpus": corpus[:LISTED],
        "corpus_rest": max(0, len(corpus) - LISTED),
    }
    return environment.get_template(template).render(context, **more)


def _markdown_text(text: object) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))


def junit(view: View) -> str:
    """A suite of the gate's conditions, and one of the questions."""
    root = ET.Element("testsuites", name="rag eval")
    if view.verdict is not None:
        checks = [(check.name, "", "" if check.passed else check.detail) for check in view.verdict.checks]
        _suite(root, "gate", [(name, "gate", 0.0, kind, why) for name, kind, why in checks])
    run = view.evaluation.run.config
    cases = [
        (
            f"{row.id}: {row.question}",
            f"{run.set}.{row.type}",
            row.latency / 1000,
            row.outcome,
            "" if row.right else row.explanation or row.outcome,
        )
        for row in view.rows
    ]
    _suite(root, run.set, cases, run.started)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(
    root: ET.Element, name: str, cases: list[tuple[str, str, float, str, str]], started: str = ""
) -> None:
    """One suite. Cases: name, class, seconds, outcome, and why it failed, empty where it did not."""
    errors = sum(outcome == "error" for *_, outcome, _ in cases)
    suite = ET.SubElement(
        root,
        "testsuite",
        name=_xml_text(name),
        tests=str(len(cases)),
        failures=str(sum(bool(why) for *_, why in cases) - errors),
        errors=str(errors),
        skipped="0",
        time=f"{sum(seconds for _, _, seconds, *_ in cases):.3f}",
    )
    if started:
        suite.set("timestamp", started)
    for title, group, seconds, outcome, why in cases:
        case = ET.SubElement(
            suite, "testcase", name=_xml_text(title), classname=_xml_text(group), time=f"{seconds:.3f}"
        )
        if why:
            tag = "error" if outcome == "error" else "failure"
            ET.SubElement(case, tag, type=outcome or "gate", message=_xml_text(why)).text = _xml_text(why)


def _xml_text(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def summary_json(view: View) -> dict[str, Any]:
    """The run and its numbers for machines."""
    run = view.evaluation.run.config
    return {
        "run": run.model_dump(),
        "metrics": {name: estimate.model_dump() for name, estimate in view.metrics.items()},
        "gate": verdict_json(view.verdict) if view.verdict else None,
        "comparison": view.change
        and {
            "with": view.change.name,
            "difference": view.change.difference,
            "fixed": [row.id for row in view.change.fixed],
            "broken": [row.id for row in view.change.broken],
        },
        "wrong": [row.id for row in view.rows if not row.right],
    }
