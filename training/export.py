"""Write the weights of a checkpoint as `reader.npz`, which `scripts/build_reader_model.py` reads without torch.

python -m training.export --output DIR
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True, help="the folder that was trained in")
    folder: Path = parser.parse_args().output
    state: dict[str, Any] = torch.load(folder / "checkpoint.pt", weights_only=True)
    seen = {"step": state["step"], "examples": state["examples"], "seconds": round(state["before"])}
    arrays = {name: tensor.numpy() for name, tensor in state["net"].items()}
    np.savez(folder / "reader.npz", trained=np.array(json.dumps(seen)), **arrays)
    print(folder / "reader.npz", seen)


if __name__ == "__main__":
    main()
