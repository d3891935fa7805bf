# Two commands: `make chat` opens the chat, `make test` runs every test. Both set everything up first.
# Everything lives in .venv; nothing needs root. `make PYTHON=python3.12 …` picks another Python (3.11 to 3.13).

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: chat ask test check format clean help

chat: $(VENV)/.base                      ## チャットを開く / open the chat
	$(BIN)/rag chat

ask: $(VENV)/.base                       ## 1つ質問する / ask one question: make ask Q="…"
	@$(BIN)/rag ask -- "$(Q)"

test: $(VENV)/.dev                       ## すべてのテスト / every test
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
	rm -rf $(VENV) index/*.sqlite3* index/corpus.json index/snapshot*

help:                                    ## この一覧 / this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(VENV)/.base: pyproject.toml
	@$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info < (3, 14), "Python 3.11-3.13 が必要です: make PYTHON=python3.12 …"'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

# torch first and by itself: its CPU build is enough, and the default one brings gigabytes of CUDA.
$(VENV)/.dev: $(VENV)/.base
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet --editable '.[sentence-transformers,dev]'
	@touch $@

TORCH ?= torch==2.13.0
