// A client of NVML as anybody would write one: from the documented interface,
// through dlopen and by the names that the documentation gives. It knows neither
// emit nor the test bed; it tells what a tool such as theirs would see.
// usage: nvml-client MILLISECONDS
//
//   init CODE · driver TEXT · count N
//   gpu INDEX handle CODE
//   gpu INDEX uuid UUID minor N bus ID mig MODE name NAME...
//   gpu INDEX before CODE MJ at NS after CODE MJ at NS power CODE MW
//   gpu INDEX field ID SCOPE CODE VALUE            each with a code of its own
//   gpu INDEX instance N uuid UUID energy CODE parent UUID
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { GPUS_MAX = 32, TEXT_MAX = 96 };

typedef struct nvmlDevice_st *nvmlDevice_t;

typedef struct {
    unsigned int fieldId;
    unsigned int scopeId;
    long long timestamp;
    long long latencyUsec;
    unsigned int valueType; // 1 unsigned int, 3 unsigned long long
    int nvmlReturn;
    union {
        double dVal;
        unsigned int uiVal;
        unsigned long ulVal;
        unsigned long long ullVal;
    } value;
} nvmlFieldValue_t;

typedef struct {
    char busIdLegacy[16];
    unsigned int domain, bus, device, pciDeviceId, pciSubSystemId;
    char busId[32];
} nvmlPciInfo_t;

static int (*init)(void);
static int (*shutdown_again)(void);
static const char *(*words)(int);
static int (*driver_version)(char *, unsigned int);
static int (*get_count)(unsigned int *);
static int (*by_index)(unsigned int, nvmlDevice_t *);
static int (*by_uuid)(const char *, nvmlDevice_t *);
static int (*get_uuid)(nvmlDevice_t, char *, unsigned int);
static int (*get_name)(nvmlDevice_t, char *, unsigned int);
static int (*get_minor)(nvmlDevice_t, unsigned int *);
static int (*get_pci)(nvmlDevice_t, nvmlPciInfo_t *);
static int (*get_energy)(nvmlDevice_t, unsigned long long *);
static int (*get_power)(nvmlDevice_t, unsigned int *);
static int (*get_fields)(nvmlDevice_t, int, nvmlFieldValue_t *);
static int (*mig_mode)(nvmlDevice_t, unsigned int *, unsigned int *);
static int (*is_mig)(nvmlDevice_t, unsigned int *);
static int (*mig_count)(nvmlDevice_t, unsigned int *);
static int (*mig_by_index)(nvmlDevice_t, unsigned int, nvmlDevice_t *);
static int (*mig_parent)(nvmlDevice_t, nvmlDevice_t *);

static const struct {
    const char *name;
    void *slot;
} symbols[] = {
    {"nvmlInit_v2", &init},
    {"nvmlShutdown", &shutdown_again},
    {"nvmlErrorString", &words},
    {"nvmlSystemGetDriverVersion", &driver_version},
    {"nvmlDeviceGetCount_v2", &get_count},
    {"nvmlDeviceGetHandleByIndex_v2", &by_index},
    {"nvmlDeviceGetHandleByUUID", &by_uuid},
    {"nvmlDeviceGetUUID", &get_uuid},
    {"nvmlDeviceGetName", &get_name},
    {"nvmlDeviceGetMinorNumber", &get_minor},
    {"nvmlDeviceGetPciInfo_v3", &get_pci},
    {"nvmlDeviceGetTotalEnergyConsumption", &get_energy},
    {"nvmlDeviceGetPowerUsage", &get_power},
    {"nvmlDeviceGetFieldValues", &get_fields},
    {"nvmlDeviceGetMigMode", &mig_mode},
    {"nvmlDeviceIsMigDeviceHandle", &is_mig},
    {"nvmlDeviceGetMaxMigDeviceCount", &mig_count},
    {"nvmlDeviceGetMigDeviceHandleByIndex", &mig_by_index},
    {"nvmlDeviceGetDeviceHandleFromMigDeviceHandle", &mig_parent},
};

static int open_library(void) {
    void *library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        printf("no library\n");
        return 0;
    }
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *symbol = dlsym(library, symbols[i].name);
        if (!symbol) printf("no symbol %s\n", symbols[i].name);
        memcpy(symbols[i].slot, &symbol, sizeof symbol);
    }
    return init && shutdown_again && words && get_count && by_index && get_uuid;
}

static long long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void tell_identity(unsigned int index, nvmlDevice_t device) {
    char uuid[TEXT_MAX] = "", name[TEXT_MAX] = "";
    unsigned int minor = 99, current = 99, pending = 99;
    nvmlPciInfo_t pci = {0};
    nvmlDevice_t same = NULL;
    get_uuid(device, uuid, sizeof uuid);
    if (get_name) get_name(device, name, sizeof name);
    if (get_minor) get_minor(device, &minor);
    if (get_pci) get_pci(device, &pci);
    if (mig_mode) mig_mode(device, &current, &pending);
    printf("gpu %u uuid %s minor %u bus %s mig %u name %s\n", index, uuid, minor, pci.busId,
           current, name);
    if (by_uuid && (by_uuid(uuid, &same) != 0 || same != device))
        printf("gpu %u is another by its UUID\n", index);
    if (get_uuid(device, uuid, 4) != 7) printf("gpu %u: a short buffer is taken\n", index);
}

static void tell_fields(unsigned int index, nvmlDevice_t device) {
    nvmlFieldValue_t fields[] = {{.fieldId = 83},
                                 {.fieldId = 191},
                                 {.fieldId = 186, .scopeId = 0},
                                 {.fieldId = 186, .scopeId = 1},
                                 {.fieldId = 185, .scopeId = 0},
                                 {.fieldId = 9999}};
    const int count = sizeof fields / sizeof *fields;
    if (!get_fields || get_fields(device, count, fields) != 0) return;
    for (int i = 0; i < count; i++)
        printf("gpu %u field %u %u %d %llu\n", index, fields[i].fieldId, fields[i].scopeId,
               fields[i].nvmlReturn,
               fields[i].valueType == 3 ? fields[i].value.ullVal : fields[i].value.uiVal);
}

static void tell_instances(unsigned int index, nvmlDevice_t device) {
    unsigned int count = 0, flag = 0;
    if (!mig_count || !mig_by_index || mig_count(device, &count) != 0) return;
    for (unsigned int i = 0; i < count; i++) {
        nvmlDevice_t instance = NULL, parent = NULL;
        char uuid[TEXT_MAX] = "", whose[TEXT_MAX] = "";
        unsigned long long energy = 0;
        if (mig_by_index(device, i, &instance) != 0) continue;
        get_uuid(instance, uuid, sizeof uuid);
        if (mig_parent(instance, &parent) == 0) get_uuid(parent, whose, sizeof whose);
        if (is_mig(instance, &flag) != 0 || flag != 1) continue;
        printf("gpu %u instance %u uuid %s energy %d parent %s\n", index, i, uuid,
               get_energy(instance, &energy), whose);
    }
}

struct seen {
    nvmlDevice_t device;
    int code;
    unsigned long long millijoules;
    long long at_ns;
};

static void read_energy(nvmlDevice_t device, struct seen *seen) {
    seen->device = device;
    seen->millijoules = 0;
    seen->code = get_energy ? get_energy(device, &seen->millijoules) : 13;
    seen->at_ns = now_ns();
}

static void tell_energy(unsigned int index, const struct seen *before) {
    struct seen after;
    unsigned int milliwatts = 0;
    read_energy(before->device, &after);
    int code = get_power ? get_power(before->device, &milliwatts) : 13;
    printf("gpu %u before %d %llu at %lld after %d %llu at %lld power %d %u\n", index, before->code,
           before->millijoules, before->at_ns, after.code, after.millijoules, after.at_ns, code,
           milliwatts);
}

int main(int count, char **arguments) {
    long milliseconds = count > 1 ? strtol(arguments[1], NULL, 10) : 0;
    struct timespec rest = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    struct seen before[GPUS_MAX] = {{0}};
    char version[TEXT_MAX] = "";
    unsigned int gpus = 0;
    if (!open_library()) return 1;
    int code = init();
    printf("init %d %s\n", code, words(code));
    if (code != 0) return 0;
    if (driver_version) driver_version(version, sizeof version);
    get_count(&gpus);
    printf("driver %s\ncount %u\n", version, gpus);
    for (unsigned int i = 0; i < gpus && i < GPUS_MAX; i++) {
        nvmlDevice_t device = NULL;
        code = by_index(i, &device);
        printf("gpu %u handle %d\n", i, code);
        if (code != 0) continue;
        tell_identity(i, device);
        tell_fields(i, device);
        tell_instances(i, device);
        read_energy(device, &before[i]);
    }
    nanosleep(&rest, NULL);
    for (unsigned int i = 0; i < gpus && i < GPUS_MAX; i++)
        if (before[i].device) tell_energy(i, &before[i]);
    printf("shutdown %d", shutdown_again());
    printf(" and again %d\n", shutdown_again());
    return 0;
}
