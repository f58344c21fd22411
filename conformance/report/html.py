"""A report as one file of HTML that needs no network.

A matrix of requirements and targets, with the traffic folded under each.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

from conformance.report.json import searched

_STYLE = """
:root{color-scheme:light dark;font:15px/1.45 system-ui,sans-serif}body{margin:2rem auto;max-width:76rem;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #8884}
th{position:sticky;top:0;background:Canvas}code,pre{font:13px/1.4 ui-monospace,monospace}
pre{overflow:auto;max-height:24rem;background:#8881;padding:.6rem}
.v{font-weight:600;border-radius:.25rem;padding:0 .35rem;white-space:nowrap}
.PASS{background:#2a72}.FAIL,.ERROR,.STALE-WAIVER{background:#e336;}
.WARN,.CONFLICT{background:#ea35}.INCONCLUSIVE{background:#a4f4}.SKIPPED,.NOT-APPLICABLE,.INFO,.WAIVED{opacity:.7}
small{opacity:.75}.hide{display:none}#bar{margin:1rem 0;display:flex;gap:1rem;flex-wrap:wrap}
"""
_SCRIPT = """
const q=document.getElementById('q'),f=document.getElementById('f');
function go(){const t=q.value.toLowerCase();for(const r of document.querySelectorAll('tbody tr')){
const hit=r.textContent.toLowerCase().includes(t)&&(!f.checked||r.dataset.bad==='1');r.classList.toggle('hide',!hit)}}
q.oninput=go;f.onchange=go;
"""
_FINE = ("PASS", "SKIPPED", "NOT-APPLICABLE", "INFO", "WAIVED")


def text(canonical: dict[str, Any]) -> str:
    """The page."""
    runs = canonical["runs"]
    facts = {one["id"]: one for run in runs for one in run["results"]}
    heads = "".join(f"<th>{escape(run['api'])}<br><small>{escape(run['target'])}</small></th>" for run in runs)
    rows = "".join(_row(id_, facts[id_], runs) for id_ in sorted(facts))
    sentences = "".join(
        f"<p><span class='v {'PASS' if run['exit'] == 0 else 'FAIL'}'>exit {run['exit']}</span> "
        f"<b>{escape(run['api'])}</b> at {escape(run['target'])}: "
        f"{escape(run['sentence'])} <small>{run['requests']} requests, {run['seconds']:.1f} s, seed {run['seed']}"
        f"{''.join(f'<br>{escape(line)}' for line in _searches(run))}</small></p>"
        for run in runs
    )
    top = "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
    return (
        f"{top}<title>Conformance</title><style>{_STYLE}</style>"
        f"<h1>Conformance</h1>{sentences}<div id='bar'><input id='q' placeholder='search' aria-label='search'>"
        f"<label><input type='checkbox' id='f'> only what is not as it should be</label></div>"
        f"<table><thead><tr><th>requirement</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f"<script>{_SCRIPT}</script></html>\n"
    )


def _searches(run: dict[str, Any]) -> list[str]:
    """What random clients found, line by line."""
    return [line for search in run["searches"] for line in (searched(search), *search["others"])]


def _row(id_: str, facts: dict[str, Any], runs: list[dict[str, Any]]) -> str:
    cells, bad = "", False
    for run in runs:
        result = next((one for one in run["results"] if one["id"] == id_), None)
        bad = bad or (result is not None and result["verdict"] not in _FINE)
        cells += f"<td>{_cell(result) if result else ''}</td>"
    told = f"<small>{escape(facts['level'])}, {escape(facts['basis'])}: {escape(facts['source'])}</small>"
    return f"<tr data-bad='{int(bad)}'><td><b>{escape(id_)}</b> {escape(facts['statement'])}<br>{told}</td>{cells}</tr>"


def _cell(result: dict[str, Any]) -> str:
    head = (
        f"<span class='v {escape(result['verdict'])}'>{escape(result['verdict'])}</span> "
        f"<small>{escape(result['reason'])}</small>"
    )
    traffic = "".join(_exchange(exchange) for one in result["violations"] for exchange in one["exchanges"])
    return f"{head}<details><summary>traffic</summary>{traffic}</details>" if traffic else head


def _exchange(exchange: dict[str, Any]) -> str:
    asked, told = exchange["request"], exchange["response"]
    line = f"{asked['method']} {asked['url']} → {told['status']}"
    return f"<p><code>{escape(line)}</code></p><pre>{escape(exchange['curl'])}\n\n{escape(_pretty(told['body']))}</pre>"


def _pretty(body: str | None) -> str:
    try:
        return json.dumps(json.loads(body or ""), indent=1, ensure_ascii=False)
    except ValueError:
        return body or ""
