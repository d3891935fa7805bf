# Two commands: `make chat` opens the chat, `make test` runs every test. Both set everything up first.
# Everything lives in .venv; nothing needs root. `make PYTHON=python3.12 …` picks another Python (3.11 to 3.13).

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export Q

.PHONY: chat ask test browser check format clean help

chat: $(VENV)/.base                      ## チャットを開く / open the chat
	$(BIN)/rag chat

ask: $(VENV)/.base                       ## 1つ質問する / ask one question: make ask Q="…"
	@$(BIN)/rag ask -- "$$Q"

test: $(VENV)/.dev browser               ## すべてのテスト / every test
	$(BIN)/python -m pytest

check: $(VENV)/.dev                      ## 書式・静的検査・型・層 / formatter, linter, strict types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev                     ## 書式を整える / format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:                                   ## .venv と索引を消す / remove .venv and the index
	rm -rf $(VENV) index/*.sqlite3* index/corpus.json index/snapshots

help:                                    ## この一覧 / this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

# pip's own words go to a log that is shown when something fails.
LOG     := $(VENV)/install.log
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check

$(VENV)/.base: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	  echo "Python 3.11〜3.13 が必要です。例: make PYTHON=python3.12 chat"; exit 1; }
	@echo "環境を .venv に作っています(1分ほど)… / Setting up .venv (about a minute) …"
	@$(PYTHON) -m venv $(VENV) && $(INSTALL) --editable . >$(LOG) 2>&1 || { tail -n 20 $(LOG); exit 1; }
	@touch $@

# torch first and by itself: its CPU build is enough, and the default one brings gigabytes of CUDA.
$(VENV)/.dev: $(VENV)/.base
	@echo "テストの道具を入れています(数分)… / Adding what the tests need (a few minutes) …"
	@{ $(INSTALL) $(TORCH) && $(INSTALL) --editable '.[sentence-transformers,llm,clients,otel,dev]'; } >>$(LOG) 2>&1 \
	  || { tail -n 20 $(LOG); exit 1; }
	@touch $@

TORCH ?= torch==2.13.0

# The chat is tested in the system's Chromium. Where it is missing and cannot be installed, those tests are skipped.
browser: $(VENV)/.dev
	@if chromium --version >/dev/null 2>&1 || chromium-browser --version >/dev/null 2>&1 \
	    || google-chrome --version >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "画面のテストに使う Chromium を入れています… / Adding Chromium for the browser tests …"; \
	  { apt-get update && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y --no-install-recommends chromium fonts-noto-cjk; } >>$(LOG) 2>&1 \
	    || echo "入りませんでした。画面のテストは飛ばします。 / Could not; the browser tests will be skipped."; \
	else \
	  echo "Chromium がないので、画面のテストは飛ばします(Debian なら: apt-get install chromium fonts-noto-cjk)"; fi
