# The front door. Everything real is in meson.build and tools/.
# SPDX-License-Identifier: Apache-2.0
.PHONY: all build demo test bench faults invariants events-validate docs tidy install clean

# What is built: everything, or the targets named in TARGETS.
TARGETS = all
all: build/build.ninja
	@echo "building in build/ (log: build/ninja.log)"
	@ninja -C build $(TARGETS) > build/ninja.log || { cat build/ninja.log; exit 1; }

# The folder has the name; whoever says it means this.
build: all

build/build.ninja:
	@tools/install-packages build
	@meson setup build > build-setup.log || { cat build-setup.log; exit 1; }
	@mv build-setup.log build/

# What this machine can be asked, then a real command metered; a minute at most.
demo:
	@tools/install-packages build demo
	@$(MAKE) --no-print-directory all TARGETS="emit emit-testbed scenarios"
	@tools/demo build

# Everything: the checks, three builds (plain, address+undefined, thread), all tests.
test:
	@tools/install-packages build demo test
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 tools/test

# The figures, each against a named other program in the same run.
bench:
	@tools/install-packages build demo test bench
	@$(MAKE) --no-print-directory all
	@tools/bench build

# The long form of the fault tests: kill -9, power cut, bit rot, disk full, fuzzing.
faults:
	@tools/install-packages build demo test
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 tools/faults build

# Before shipping a change, as three commands.
invariants events-validate docs:
	@tools/install-packages build demo test
	@$(MAKE) --no-print-directory all
	@tools/$@ build

# What clang-tidy says of src/; two minutes.
tidy:
	@tools/install-packages build tidy
	@$(MAKE) --no-print-directory all
	@tools/tidy build

install: all
	@meson install -C build

clean:
	rm -rf build build-sanitize build-thread build-fuzz
