"""Put on PYTHONPATH of the processes that tests start: who reaches for the network is noted, and ended."""

import os
import socket
import sys
from pathlib import Path
from typing import NoReturn


def _end(*where: object, **_: object) -> NoReturn:
    with Path(os.environ["NETWORK_LOG"]).open("a", encoding="utf-8") as log:
        log.write(f"{sys.argv} → {where[-2:]}\n")
    os._exit(99)


socket.socket.connect = _end  # type: ignore[assignment, method-assign]
socket.getaddrinfo = _end
