// The kinds of events (the table of sources) and the bonds between fields.
// SPDX-License-Identifier: Apache-2.0
#include "vocabulary/fields.h"

#define P(name) (UINT32_C(1) << EMIT_PROVENANCE_##name)
#define C(name) (UINT32_C(1) << EMIT_COMPONENT_##name)
#define A(name) (UINT32_C(1) << EMIT_ACCURACY_##name)

#define GPU_PARTS  (C(GPU) | C(GPU_MODULE))
#define CPU_PARTS  (C(CPU_PACKAGE) | C(CPU_CORE) | C(CPU_UNCORE) | C(DRAM) | C(PLATFORM))
#define NODE_PARTS (C(NODE) | C(CHASSIS) | C(PSU) | C(RACK) | C(OUTLET) | C(FACILITY_FEED))
#define COUNTED    (A(DEVICE_COUNTER) | A(POWER_INTEGRATED))

const struct emit_kind_row emit_kinds[EMIT_KIND_COUNT] = {
    [EMIT_KIND_NVML] = {EMIT_SOURCE_NVML,
                        EMIT_GRAIN_RUN,
                        P(MEASURED),
                        GPU_PARTS,
                        {[EMIT_PROVENANCE_MEASURED] = COUNTED}},
    [EMIT_KIND_DCGM] = {EMIT_SOURCE_DCGM,
                        EMIT_GRAIN_RUN,
                        P(MEASURED),
                        GPU_PARTS,
                        {[EMIT_PROVENANCE_MEASURED] = COUNTED}},
    [EMIT_KIND_RAPL] = {EMIT_SOURCE_RAPL,
                        EMIT_GRAIN_RUN,
                        P(MEASURED),
                        CPU_PARTS,
                        {[EMIT_PROVENANCE_MEASURED] = A(DEVICE_COUNTER)}},
    [EMIT_KIND_IPMI_RUN] = {EMIT_SOURCE_IPMI,
                            EMIT_GRAIN_RUN,
                            P(MEASURED),
                            NODE_PARTS,
                            {[EMIT_PROVENANCE_MEASURED] = COUNTED}},
    [EMIT_KIND_IPMI_FACILITY] = {EMIT_SOURCE_IPMI,
                                 EMIT_GRAIN_FACILITY,
                                 P(MEASURED),
                                 NODE_PARTS,
                                 {[EMIT_PROVENANCE_MEASURED] = COUNTED}},
    [EMIT_KIND_REDFISH_RUN] = {EMIT_SOURCE_REDFISH,
                               EMIT_GRAIN_RUN,
                               P(MEASURED),
                               NODE_PARTS,
                               {[EMIT_PROVENANCE_MEASURED] = COUNTED}},
    [EMIT_KIND_REDFISH_FACILITY] = {EMIT_SOURCE_REDFISH,
                                    EMIT_GRAIN_FACILITY,
                                    P(MEASURED),
                                    NODE_PARTS,
                                    {[EMIT_PROVENANCE_MEASURED] = COUNTED}},
    [EMIT_KIND_PDU] = {EMIT_SOURCE_PDU,
                       EMIT_GRAIN_FACILITY,
                       P(MEASURED) | P(ESTIMATED),
                       C(OUTLET) | C(RACK) | C(PDU) | C(UPS),
                       {[EMIT_PROVENANCE_MEASURED] = A(METERED) | A(POWER_INTEGRATED),
                        [EMIT_PROVENANCE_ESTIMATED] = A(INFERRED)}},
    [EMIT_KIND_UPS] = {EMIT_SOURCE_UPS,
                       EMIT_GRAIN_FACILITY,
                       P(MEASURED) | P(ESTIMATED),
                       C(OUTLET) | C(RACK) | C(PDU) | C(UPS),
                       {[EMIT_PROVENANCE_MEASURED] = A(METERED) | A(POWER_INTEGRATED),
                        [EMIT_PROVENANCE_ESTIMATED] = A(INFERRED)}},
    [EMIT_KIND_SMART_METER] = {EMIT_SOURCE_SMART_METER,
                               EMIT_GRAIN_FACILITY,
                               P(MEASURED) | P(ESTIMATED),
                               C(FACILITY_FEED),
                               {[EMIT_PROVENANCE_MEASURED] = A(BILLING_METER) | A(METERED),
                                [EMIT_PROVENANCE_ESTIMATED] = A(INFERRED)}},
    [EMIT_KIND_TOKEN_MODEL] = {EMIT_SOURCE_TOKEN_MODEL,
                               EMIT_GRAIN_RUN,
                               P(MODELED),
                               C(INFERENCE),
                               {[EMIT_PROVENANCE_MODELED] = A(COEFFICIENT_MODEL)}},
    [EMIT_KIND_PRORATION] = {EMIT_SOURCE_FACILITY_PRORATION,
                             EMIT_GRAIN_RUN,
                             P(ESTIMATED),
                             C(NODE) | C(INFERENCE),
                             {[EMIT_PROVENANCE_ESTIMATED] = A(PRORATION)}},
};

#define BOND(name, level, reason, field, expected) [name] = {level, reason, field, expected},
const struct emit_bond_row emit_bonds[EMIT_BOND_COUNT] = {EMIT_BOND_ROWS(BOND)};
#undef BOND
