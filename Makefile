# Heddle. `make run` and `make test` need nothing but Swift and Debian's package manager.

PREFIX ?= /usr
DESTDIR ?=
CONFIGURATION ?= release
BUILD := .build/$(CONFIGURATION)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

# Libraries to build with, and programs that tests and demo talk to.
PACKAGES := libmodbus-dev libmosquitto-dev libsqlite3-dev libsimdjson-dev zlib1g-dev libstdc++-12-dev pkg-config tzdata \
	mosquitto mosquitto-clients mbpoll socat openssl curl python3 python3-venv

# One file per package that proves that it is installed, so that `setup` costs nothing the second time.
SETUP_PROBES := /usr/include/modbus/modbus.h /usr/include/mosquitto.h /usr/include/sqlite3.h /usr/include/simdjson.h \
	/usr/include/zlib.h /usr/include/c++/12/vector /usr/share/zoneinfo/Europe/Berlin /usr/bin/pkg-config /usr/sbin/mosquitto /usr/bin/mosquitto_pub /usr/bin/mbpoll /usr/bin/socat \
	/usr/bin/openssl /usr/bin/curl /usr/bin/python3

# Foreign implementations that tests talk to. Without Python or network those tests are skipped, and say so.
PEERS := .build/peers

# Only for `make bench`: what the ring is compared with, and what asks the API.
BENCH_PACKAGES := libboost-dev wrk

.PHONY: all setup peers run test soak sanitize tables bench bench-long lint format install clean build

all: build

# Installs what is missing, by name, from Debian. With APT_IS_FRESH the package lists are not fetched again.
setup:
	@missing=""; for file in $(SETUP_PROBES); do [ -e $$file ] || missing="$$missing $$file"; done; \
	if [ -n "$$missing" ]; then \
	  echo "installing Debian packages (missing:$$missing)"; \
	  $(if $(APT_IS_FRESH),,$(SUDO) apt-get update -q &&) $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(PACKAGES); \
	fi

build: setup
	swift build --configuration $(CONFIGURATION)

# The demo home: a battery, a grid meter, a thermostat and an inverter, simulated over the real protocols.
run: CONFIGURATION := debug
run: setup
	swift build --configuration debug
	@.build/debug/heddle demo --profiles device-profiles

peers: setup
	@[ -e $(PEERS)/ready-3 ] || { python3 -m venv $(PEERS) && \
	  $(PEERS)/bin/pip install --quiet --disable-pip-version-check pymodbus==3.16.1 pysunspec2==1.3.7 jsonschema==4.25.1 schemathesis==4.32.5 && touch $(PEERS)/ready-3; } || \
	  echo "no foreign peers: the tests that need them are skipped"

# Tests with deadlines in real time get the machine for themselves: beside the tests that only compute, which want every
# core, a deadline of a second says nothing.
WIRE_TESTS := (DeviceDiscovery|ModbusAdapter|MQTTAdapter|HTTPAdapter|DeviceSimulator|LocalAPIServer|LocalAPIClient|PinnedThread)Tests

# The histories of commands run on threads of their own and take every core for half a minute.
test: setup peers
	swift build --build-tests
	swift test --skip-build --skip CommandDispatchTests --skip '$(WIRE_TESTS)' --skip EndToEndTests
	swift test --skip-build --filter CommandDispatchTests
	swift test --skip-build --no-parallel --filter '$(WIRE_TESTS)'
	swift test --skip-build --filter EndToEndTests

# What takes longer than anybody waits for before a commit: the real daemon killed 200 times at named steps of a command's
# life (about half an hour), a year of readings of 20 customers against a plain account, and thousands of requests made from
# the OpenAPI document; and MQTT messages under load with 100 kills.
KILLS ?= 200
soak: setup peers
	swift build --build-tests
	HEDDLE_KILLS=$(KILLS) swift test --skip-build --filter KillTests
	HEDDLE_SOAK=1 swift test --skip-build --filter "EnergyAccountTests|ContractTests"
	HEDDLE_MESSAGE_KILLS=100 swift test --skip-build --filter AcknowledgedMessageTests

# Adapters, pipeline and decoding under the address sanitizer; a build of its own, a quarter of an hour.
SANITIZED := --sanitize=address --scratch-path .build/sanitized
sanitize: setup peers
	swift build --build-tests $(SANITIZED)
	ASAN_OPTIONS=detect_leaks=0 swift test --skip-build $(SANITIZED) --no-parallel \
	  --filter '(ModbusAdapter|MQTTAdapter|HTTPAdapter|ModbusWire|TelemetryPipeline|PinnedThread|DeviceProfiles)Tests'

# What is made from the profiles and their reader: the schema for editors, and the list of products.
tables: setup
	swift build --product heddle
	.build/debug/heddle profile schema > device-profiles/profile.schema.json
	.build/debug/heddle profile list --markdown --profiles device-profiles > Sources/Gateway/docs/Products.md
	.build/debug/heddle profile list --summary --profiles device-profiles > .build/summary.md
	sed -i -e '/^<!-- products -->/,/^<!-- end of products -->/{//!d}' -e '/^<!-- products -->/r .build/summary.md' README.md

# Ratios against a baseline in the same run; at most ten minutes.
bench: setup
	@[ -e /usr/include/boost/lockfree/spsc_queue.hpp -a -e /usr/bin/wrk ] || { \
	  $(if $(APT_IS_FRESH),,$(SUDO) apt-get update -q &&) $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(BENCH_PACKAGES); }
	swift build --configuration release --product heddled
	swift build --configuration release --product heddle
	swift build --configuration release --product heddle-simulator
	swift run --package-path Benchmarks --configuration release heddle-bench
	Benchmarks/memory.sh .build/release
	Benchmarks/api.sh .build/release Benchmarks/.build/release/heddle-bench

# After `make bench`, half an hour and more: five minutes with a silent unit, a thousand endpoints, memory and reconnects of the
# daemon, and the API with a thousand devices and a year of windows. Beside others: `Benchmarks/peers`.
bench-long:
	Benchmarks/.build/release/heddle-bench long
	Benchmarks/api.sh .build/release Benchmarks/.build/release/heddle-bench 1000 60

lint:
	swift format lint --strict --recursive --configuration .swift-format Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

format:
	swift format --in-place --recursive --configuration .swift-format Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources

# Programs, unit, system user, directories and profiles. Build first, then install with the rights that PREFIX needs.
install:
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d \
	  $(DESTDIR)$(PREFIX)/share/heddle/device-profiles $(DESTDIR)$(PREFIX)/share/doc/heddle \
	  $(DESTDIR)/etc/heddle/device-profiles
	install -d -m 0700 $(DESTDIR)/etc/heddle/credentials
	install -m 0755 $(BUILD)/heddled $(BUILD)/heddle $(BUILD)/heddle-simulator $(DESTDIR)$(PREFIX)/bin/
	install -m 0644 systemd/heddled.service $(DESTDIR)$(PREFIX)/lib/systemd/system/
	install -m 0644 systemd/heddle.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/heddle.conf
	install -m 0644 Sources/Gateway/docs/*.md $(DESTDIR)$(PREFIX)/share/doc/heddle/
	cp -R device-profiles/. $(DESTDIR)$(PREFIX)/share/heddle/device-profiles/
	[ -e $(DESTDIR)/etc/heddle/heddle.yaml ] || install -m 0640 systemd/heddle.yaml $(DESTDIR)/etc/heddle/heddle.yaml
	@if [ -z "$(DESTDIR)" ] && command -v systemd-sysusers >/dev/null; then \
	  systemd-sysusers && chgrp heddle /etc/heddle/heddle.yaml && chown heddle: /etc/heddle/credentials; fi

clean:
	rm -rf .build Benchmarks/.build
