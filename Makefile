# amqproof: one Makefile, no recursion, all output in $(BUILD).
#   make help      what can be made
#   make CC=clang BUILD=build/clang SANITIZE=address,undefined   variants
BUILD    ?= build
PREFIX   ?= /usr/local
SANITIZE ?=
DESTDIR  ?=
BROKERS  ?= reference
ROUNDS   ?= 1
KILLS    ?= 1000
WITHIN   ?= 1800

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
        -Wmissing-prototypes -Wcast-qual -Wwrite-strings -Wvla -Wundef -Wformat=2 -Werror
ifneq ($(findstring clang,$(CC)),)
WARN += -Wno-gnu-zero-variadic-macro-arguments
endif
ifeq ($(SANITIZE),)
MODE := -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
else
MODE := -Og -g -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
endif
CFLAGS  := -std=gnu11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE $(MODE) $(WARN) -fno-common -I.
LDFLAGS := $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -pthread

# Who is linked from what: a folder is a library, a file in it is an object.
objects = $(patsubst %.c,$(BUILD)/o/%.o,$(wildcard $(addsuffix /*.c,$(1))))

WIRE     := $(call objects,fixtures/wire)
FIXTURES := $(WIRE) $(call objects,fixtures/peer fixtures/capture fixtures/harness)
FAULTS   := $(call objects,fixtures/faults)
SUITES   := $(call objects,suites suites/ext)
BROKER   := $(call objects,broker-under-test/reference/src)
# … and once more with the faults of faults.def in it.
FAULTY   := $(patsubst %.c,$(BUILD)/faulty/%.o,$(wildcard broker-under-test/reference/src/*.c))
# The broker's insides without its main(), for tests that drive it from arrays.
INSIDES  := $(filter-out %/src/main.o,$(BROKER))

HARNESS_LIBS := -lrabbitmq -lcunit -lpcap -ljansson -lssl -lcrypto -lm
BROKER_LIBS  := -luv -llmdb -ljansson -lssl -lcrypto -lpcre2-8 -lmicrohttpd -lm

PROGRAMS := $(BUILD)/suites $(BUILD)/refbroker $(BUILD)/refbroker-faulty $(BUILD)/dissect $(BUILD)/lint-capture \
            $(BUILD)/selftest-wire $(BUILD)/selftest-harness $(BUILD)/selftest-broker \
            $(BUILD)/selftest-faults $(BUILD)/selftest-store $(BUILD)/selftest-trouble $(BUILD)/trouble-shim.so \
            $(BUILD)/handshake $(BUILD)/free-port $(BUILD)/benchmark $(BUILD)/faultproxy $(BUILD)/replay $(BUILD)/soak $(BUILD)/attacker

.PHONY: all deb conformance check lint bench faults soak attack fmt check-spec clean install help print-cflags
#: all          builds everything into $(BUILD) (build)
all: $(PROGRAMS)

$(BUILD)/suites: $(SUITES) $(FIXTURES)
	$(CC) $(LDFLAGS) -o $@ $^ $(HARNESS_LIBS)

$(BUILD)/refbroker: $(BROKER)
	$(CC) $(LDFLAGS) -o $@ $^ $(BROKER_LIBS)

$(BUILD)/dissect: $(BUILD)/o/tools/dissect.o $(WIRE) $(call objects,fixtures/capture)
	$(CC) $(LDFLAGS) -o $@ $^ -lpcap -lm

$(BUILD)/lint-capture: $(BUILD)/o/tools/lint-capture.o $(WIRE) $(call objects,fixtures/capture)
	$(CC) $(LDFLAGS) -o $@ $^ -lpcap -lm

# Between a client and a broker, and wrong by rule.
$(BUILD)/faultproxy: $(patsubst %.c,$(BUILD)/o/%.o,$(wildcard tools/faultproxy*.c)) $(FAULTS) $(WIRE)
	$(CC) $(LDFLAGS) -o $@ $^ -lm

# What adapters use: no fixture in it, so that it says nothing about the harness.
$(BUILD)/handshake: $(BUILD)/o/tools/handshake.o
	$(CC) $(LDFLAGS) -o $@ $^ -lrabbitmq -lssl -lcrypto

$(BUILD)/free-port: $(BUILD)/o/tools/free-port.o
	$(CC) $(LDFLAGS) -o $@ $^

# Says again what a case has left; calls adapters for restarts.
$(BUILD)/replay: $(patsubst %.c,$(BUILD)/o/%.o,$(wildcard tools/replay*.c)) \
        $(WIRE) $(call objects,fixtures/peer fixtures/capture) $(BUILD)/o/fixtures/harness/adapter_call.o
	$(CC) $(LDFLAGS) -o $@ $^ -lrabbitmq -lpcap -lssl -lcrypto -lm

# Kills a broker under work, and keeps account of every message.
$(BUILD)/soak: $(patsubst %.c,$(BUILD)/o/%.o,$(wildcard tools/soak*.c)) $(WIRE) \
        $(patsubst %,$(BUILD)/o/fixtures/peer/%.o,raw socket segment hold)
	$(CC) $(LDFLAGS) -o $@ $^ -lm

# Attacks a broker, and measures what the others notice of it.
$(BUILD)/attacker: $(call objects,tools/attacker) $(patsubst %,$(BUILD)/o/tools/benchmark/%.o,proc json) $(WIRE)
	$(CC) $(LDFLAGS) -o $@ $^ -lm

# Measures; links the wire alone, so that it costs little itself.
$(BUILD)/benchmark: $(patsubst %.c,$(BUILD)/o/%.o,$(wildcard tools/benchmark/*.c)) $(WIRE)
	$(CC) $(LDFLAGS) -o $@ $^ -lm

$(BUILD)/selftest-wire: $(call objects,suites/self/wire) $(WIRE)
	$(CC) $(LDFLAGS) -o $@ $^ -lrabbitmq -lcunit -lm

$(BUILD)/selftest-harness: $(call objects,suites/self/harness) $(FIXTURES)
	$(CC) $(LDFLAGS) -o $@ $^ $(HARNESS_LIBS)

$(BUILD)/selftest-broker: $(call objects,suites/self/broker) $(INSIDES)
	$(CC) $(LDFLAGS) -o $@ $^ $(BROKER_LIBS) -lcunit

# The store on a disk that loses power: the calls that write come past suites/self/store/disk.c.
$(BUILD)/selftest-store: $(call objects,suites/self/store) $(INSIDES) \
        $(patsubst %,$(BUILD)/o/suites/self/broker/%.o,main store_rig)
	$(CC) $(LDFLAGS) -o $@ $^ $(BROKER_LIBS) -lcunit

# The broker as a process whose system calls fail: its disk, its descriptors, its clock.
$(BUILD)/selftest-trouble: $(patsubst %,$(BUILD)/o/suites/self/trouble/%.o,main host talk books calls files descriptors clock) \
        $(WIRE) $(patsubst %,$(BUILD)/o/fixtures/peer/%.o,raw socket segment hold)
	$(CC) $(LDFLAGS) -o $@ $^ -lm

# Goes into the broker by LD_PRELOAD; never with a sanitizer of its own.
$(BUILD)/trouble-shim.so: suites/self/trouble/shim.c suites/self/trouble/trouble.h suites/self/store/real.h
	$(CC) $(filter-out -fsanitize=% -fno-sanitize%,$(CFLAGS)) -fPIC -shared -o $@ $<

$(BUILD)/selftest-faults: $(call objects,suites/self/faults) $(FAULTS) $(WIRE)
	$(CC) $(LDFLAGS) -o $@ $^ -lcunit -lm

$(BUILD)/refbroker-faulty: $(FAULTY)
	$(CC) $(LDFLAGS) -o $@ $^ $(BROKER_LIBS)

$(BUILD)/faulty/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DWITH_FAULTS -MMD -MP -c -o $@ $<

$(BUILD)/o/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(BUILD)/o $(BUILD)/faulty -name '*.d' 2>/dev/null)

#: conformance  installs what is missing, builds, and judges the reference broker
# (all is made by a second make: the first could not know what it lacks)
conformance:
	@tools/bootstrap build
	@$(MAKE) -s --no-print-directory -j$$(nproc) all
	AMQPROOF_BUILD=$(BUILD) tools/amqproof run

#: faults       plants faults, one at a time, and says which cases see them
faults:
	@tools/bootstrap build
	@$(MAKE) -s --no-print-directory -j$$(nproc) all
	AMQPROOF_BUILD=$(BUILD) tools/amqproof faults

#: bench        measures BROKERS="reference rabbitmq" (reference), ROUNDS=5 (1)
bench:
	@tools/bootstrap build $(filter rabbitmq,$(BROKERS))
	@$(MAKE) -s --no-print-directory -j$$(nproc) $(addprefix $(BUILD)/,benchmark refbroker handshake free-port)
	@AMQPROOF_BUILD=$(BUILD) tools/bench --brokers "$(BROKERS)" --rounds $(ROUNDS)

#: attack       hostile clients, one kind after the other, on BROKERS (reference)
attack:
	@tools/bootstrap build
	@$(MAKE) -s --no-print-directory -j$$(nproc) $(addprefix $(BUILD)/,attacker refbroker handshake free-port)
	@for broker in $(BROKERS); do AMQPROOF_BUILD=$(BUILD) tools/attack --broker $$broker || exit; done

#: soak         crash states, each n-th call that fails, KILLS kills (1000)
soak:
	@tools/bootstrap build
	@$(MAKE) -s --no-print-directory -j$$(nproc) $(addprefix $(BUILD)/,soak selftest-store selftest-trouble trouble-shim.so refbroker handshake free-port)
	@AMQPROOF_CRASH_SEEDS=20 $(BUILD)/selftest-store crash
	@AMQPROOF_BUILD=$(BUILD) AMQPROOF_TROUBLE_ALL=1 $(BUILD)/selftest-trouble
	@AMQPROOF_BUILD=$(BUILD) tools/soak --kills $(KILLS) --seconds $(WITHIN)

#: check        everything: unit tests, suites on two brokers, sanitizers, lint
check:
	@tools/bootstrap check
	@AMQPROOF_BUILD=$(BUILD) tools/check

#: sanitize     suite and selftests under ASan+UBSan, TSan and valgrind
sanitize:
	@tools/bootstrap check
	@AMQPROOF_BUILD=$(BUILD) tools/check build sanitized asan-wire asan-faults-engine asan-harness asan-broker asan-store \
		asan-trouble asan-reference tsan tsan-wire tsan-faults-engine tsan-harness tsan-broker tsan-store tsan-trouble \
		tsan-reference valgrind valgrind-wire valgrind-faults-engine valgrind-broker

#: check-spec   do the protocol tables equal those of amqp-specs?
check-spec:
	@tools/spec-tables check

#: lint         layers, format, static analysis, shell
lint:
	@tools/lint/all

# libFuzzer's, each from a file of suites/self/fuzz; tools/fuzz makes and runs them. The targets that
# hold a broker have a store without a disk; the harness's side of them is linked apart, for both
# sides have a table_find.
FUZZERS := $(patsubst %,$(BUILD)/fuzz-%,broker codec definitions config wire notation faults capture)
fuzz_objects = $(patsubst %,$(BUILD)/o/suites/self/fuzz/%.o,$(1))
FUZZ_BROKER := $(call fuzz_objects,world memory_store no_log memory_file) $(filter-out %/src/main.o %/src/log.o $(BUILD)/o/broker-under-test/reference/src/store%,$(BROKER))

.PHONY: fuzz fuzzers sanitize
#: fuzz         libFuzzer: FUZZ_SECONDS=30 for each target, or FUZZ_RUNS=N
fuzz:
	@tools/bootstrap check
	@AMQPROOF_BUILD=$(BUILD) tools/fuzz $(if $(FUZZ_RUNS),--runs $(FUZZ_RUNS),--seconds $(or $(FUZZ_SECONDS),30))

fuzzers: $(FUZZERS) $(BUILD)/fuzz-seeds

$(FUZZERS): LDFLAGS += -fsanitize=fuzzer
$(BUILD)/fuzz-broker: $(call fuzz_objects,broker broker_mutate hello) $(BUILD)/fuzz-apart.o
$(BUILD)/fuzz-apart.o: $(call fuzz_objects,apart_judge apart_make) $(WIRE)
	ld -r -o $@.part $^
	objcopy $(patsubst %,--keep-global-symbol=%,judge_new judge_octets judge_free make_up_frames) $@.part $@
	rm $@.part
$(BUILD)/fuzz-broker $(BUILD)/fuzz-definitions $(BUILD)/fuzz-config $(BUILD)/fuzz-codec: $(BUILD)/fuzz-%: $(BUILD)/o/suites/self/fuzz/%.o $(FUZZ_BROKER)
	$(CC) $(LDFLAGS) -o $@ $^ $(BROKER_LIBS)

$(BUILD)/fuzz-wire $(BUILD)/fuzz-notation: $(call fuzz_objects,frame_round)
$(BUILD)/fuzz-capture: $(call objects,fixtures/capture)
$(BUILD)/fuzz-faults: $(FAULTS)
$(BUILD)/fuzz-wire $(BUILD)/fuzz-notation $(BUILD)/fuzz-capture $(BUILD)/fuzz-faults: $(BUILD)/fuzz-%: $(BUILD)/o/suites/self/fuzz/%.o $(call fuzz_objects,memory_file) $(WIRE)
	$(CC) $(LDFLAGS) -o $@ $^ -lpcap -lm

$(BUILD)/fuzz-seeds: $(call fuzz_objects,seeds) $(call objects,fixtures/capture) $(WIRE)
	$(CC) $(LDFLAGS) -o $@ $^ -lpcap -lm

# for tools/lint
print-cflags:
	@echo $(filter-out -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Werror,$(CFLAGS))

#: fmt          clang-format over all C files
fmt:
	git ls-files -z '*.c' '*.h' | xargs -0 clang-format -i

#: install      the command below PREFIX (/usr/local); DESTDIR in front of it
install: all
	tools/install "$(DESTDIR)" "$(PREFIX)" "$(BUILD)"

#: deb          build/amqproof_VERSION_ARCH.deb, for Debian 12
deb:
	@tools/bootstrap build deb
	@$(MAKE) -s --no-print-directory -j$$(nproc) all
	@tools/deb $(BUILD) $(BUILD)

#: help         this
help:
	@sed -n 's/^#: /  /p' Makefile

#: clean        removes $(BUILD)
clean:
	rm -rf $(BUILD)
