# Every job is one line of config/bootstrap.py, which needs nothing but Python.
PYTHON ?= python3

.PHONY: run setup test test-full lint types bench fuzz

run: ## set up, fill the demo archive, serve http://127.0.0.1:8000
	@$(PYTHON) config/bootstrap.py run

setup: ## only set up
	@$(PYTHON) config/bootstrap.py setup

test: ## all checks and tests
	@$(PYTHON) config/bootstrap.py test

test-full: ## the same with every count at full size
	@$(PYTHON) config/bootstrap.py test-full

lint types bench fuzz:
	@$(PYTHON) config/bootstrap.py $@
