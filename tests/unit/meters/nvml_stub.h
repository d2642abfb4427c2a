// What the stub of NVIDIA's library answers: the test finds this struct in the library
// by its name and sets it before it opens the meter.
// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_NVML_STUB_H
#define TESTS_NVML_STUB_H

#include <stdbool.h>
#include <stdint.h>

enum { STUB_DEVICES = 8, STUB_FIELDS = 6 };

struct stub_field {
    uint32_t field, scope; // 0: unused
    int result;
    uint32_t type;
    uint64_t value;
};

struct stub_device {
    int handle_result, uuid_result, name_result, energy_result, power_result, fields_result;
    const char *uuid; // copied without a terminator where it does not fit
    const char *name;
    const char *instance; // the UUID of a MIG instance of it
    unsigned minor, mig_mode;
    unsigned long long energy;
    unsigned power;
    bool ignores_scopes;
    struct stub_field fields[STUB_FIELDS];
};

struct stub {
    int init_result, count_result;
    unsigned count;
    int initialised; // minus shut down
    unsigned calls;  // of anything but init and shutdown
    struct stub_device devices[STUB_DEVICES];
    char instances[STUB_DEVICES]; // their addresses are the handles of instances
};

#endif
