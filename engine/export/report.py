"""What a person is told about an export: what the model takes and gives, and how it was verified."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engine.export.verify import Verification


@dataclass(frozen=True)
class Report:
    """One export. `about` is what the model says of itself: inputs, outputs, classes, run and version."""

    file: str
    size: int  # bytes
    opset: int
    ir_version: int
    about: Mapping[str, Any]
    verification: Verification

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        checked = self.verification
        return {
            "file": self.file,
            "bytes": self.size,
            "opset": self.opset,
            "ir_version": self.ir_version,
            "model": dict(self.about),
            "verified": checked.agrees,
            "samples": checked.samples,
            "tolerance": checked.tolerance,
            "largest_difference": checked.largest,
            "boxes": [asdict(box) for box in checked.boxes],
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    def to_markdown(self) -> str:
        """Return the report as Markdown, with one table row for each box."""
        lines = [f"# {self.file}", "", *(f"- {line}" for line in self._facts()), ""]
        lines += ["| box | layer | largest difference | scale |", "|---|---|---:|---:|"]
        return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in self._rows())]) + "\n"

    def to_html(self) -> str:
        """Return the report as one HTML page that needs no other file."""
        facts = "".join(f"<li>{html.escape(line)}</li>" for line in self._facts())
        cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in self._rows())
        rows = "".join(f"<tr>{row}</tr>" for row in cells)
        return _PAGE.format(title=html.escape(self.file), facts=facts, rows=rows)

    def _facts(self) -> Iterator[str]:
        checked = self.verification
        yield f"{self.size:,} bytes, ONNX operator set {self.opset}, format {self.ir_version}"
        yield f"Written by Netwright {self.about['version']} from {self.about.get('run', 'a run')}"
        for node, told in self.about["inputs"].items():
            sizes = (
                f"{name} {tensor['type']} {['batch', *tensor['shape']]} of {', '.join(tensor['columns'])}"
                for name, tensor in told["tensors"].items()
            )
            yield f"Input {node}: {'; '.join(sizes)}"
        for node, told in self.about["outputs"].items():
            classes = f" ({', '.join(map(str, told['classes']))})" if "classes" in told else ""
            yield f"Output {node}: {told['target']}{classes}"
        yield f"Compared with ONNX Runtime on {checked.samples} samples, together and one by one, at every box"
        yield f"Largest difference {checked.largest:.2g} of a box's scale; at most {checked.tolerance:g} is allowed"

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for box in self.verification.boxes:
            yield box.box, box.kind, f"{box.largest:.2g}", f"{box.scale:.4g}"


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse}}td,th{{padding:.2rem .8rem;border-bottom:1px solid #8884;text-align:left}}</style>
<h1>{title}</h1><ul>{facts}</ul>
<table><tr><th>box<th>layer<th>largest difference<th>scale</tr>{rows}</table></html>
"""
