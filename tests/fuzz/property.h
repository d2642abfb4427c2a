// What must hold for any bytes whatsoever: asked by the fuzzers, which search
// for bytes, and by a bounded test, which makes them from the corpus.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_FUZZ_PROPERTY_H
#define TESTS_FUZZ_PROPERTY_H

#include <stddef.h>
#include <stdint.h>

// NULL when the property holds, else what is wrong. The bytes are copied into
// memory of exactly their size first.

// What our scanner takes, jansson takes, and both read the same values from it.
const char *property_scanner(const uint8_t *bytes, size_t size);
// The wall says the same by its short way and by the strict scanner alone, alone in memory
// and inside a larger buffer, and in whatever order the members stand.
const char *property_contract(const uint8_t *bytes, size_t size);

// A list of devices, as --device or an environment has it, is resolved or left alone.
const char *property_devices(const uint8_t *bytes, size_t size);
// What is read out of an exporter's text is within its limits, and none of it hangs on
// other metrics' lines, on the line ends, or on what lies behind the text in memory.
const char *property_exporter(const uint8_t *bytes, size_t size);
// The same of an inference server's counters; between a text and itself nothing was served.
const char *property_served(const uint8_t *bytes, size_t size);

// Changes to a whole run file, four bytes each: it is damaged, or it is settled into numbers.
const char *property_run(const uint8_t *bytes, size_t size);
// A report that is read is written so that it reads and writes the same.
const char *property_report(const uint8_t *bytes, size_t size);
// A file of coefficients is refused with a sentence, or is a row that keeps the invariants.
const char *property_coefficients(const uint8_t *bytes, size_t size);

// A record of a window is refused with a sentence, or is an event that keeps the contract.
const char *property_windows(const uint8_t *bytes, size_t size);
// Lines of usage records: each is counted within bounds, or left out with a sentence.
const char *property_usage(const uint8_t *bytes, size_t size);
// Objects of a stream are of it, in its order, however it was cut into reads.
const char *property_objects(const uint8_t *bytes, size_t size);
// A file of settings is refused with a sentence, or is read within its limits.
const char *property_settings(const uint8_t *bytes, size_t size);
// Lines of globs and a name: the map of models finds the line that a plain reading finds.
const char *property_models(const uint8_t *bytes, size_t size);
// What the strict reader of times takes the loose one takes for the same moment.
const char *property_times(const uint8_t *bytes, size_t size);

#endif
