// The closed sets of the contract as enumerations, each with its word: one list
// a set, from which the enumeration and the table of words are both made.
// SPDX-License-Identifier: Apache-2.0
#ifndef VOCABULARY_NAMES_H
#define VOCABULARY_NAMES_H

#include <stdbool.h>

// What a sensor or a model is called in the tag energy_source.
#define EMIT_SOURCE_ROWS(ROW)                                                                      \
    ROW(EMIT_SOURCE_NVML, "nvml")                                                                  \
    ROW(EMIT_SOURCE_DCGM, "dcgm")                                                                  \
    ROW(EMIT_SOURCE_RAPL, "rapl")                                                                  \
    ROW(EMIT_SOURCE_IPMI, "ipmi")                                                                  \
    ROW(EMIT_SOURCE_REDFISH, "redfish")                                                            \
    ROW(EMIT_SOURCE_PDU, "pdu")                                                                    \
    ROW(EMIT_SOURCE_UPS, "ups")                                                                    \
    ROW(EMIT_SOURCE_SMART_METER, "smart_meter")                                                    \
    ROW(EMIT_SOURCE_TOKEN_MODEL, "token_model")                                                    \
    ROW(EMIT_SOURCE_FACILITY_PRORATION, "facility_proration")

// How the quantity came about: tag energy_provenance.
#define EMIT_PROVENANCE_ROWS(ROW)                                                                  \
    ROW(EMIT_PROVENANCE_MEASURED, "measured")                                                      \
    ROW(EMIT_PROVENANCE_MODELED, "modeled")                                                        \
    ROW(EMIT_PROVENANCE_ESTIMATED, "estimated")

// The components our own producers name; opaque labels to core.
#define EMIT_COMPONENT_ROWS(ROW)                                                                   \
    ROW(EMIT_COMPONENT_GPU, "gpu")                                                                 \
    ROW(EMIT_COMPONENT_GPU_MODULE, "gpu-module")                                                   \
    ROW(EMIT_COMPONENT_CPU_PACKAGE, "cpu-package")                                                 \
    ROW(EMIT_COMPONENT_CPU_CORE, "cpu-core")                                                       \
    ROW(EMIT_COMPONENT_CPU_UNCORE, "cpu-uncore")                                                   \
    ROW(EMIT_COMPONENT_DRAM, "dram")                                                               \
    ROW(EMIT_COMPONENT_PLATFORM, "platform")                                                       \
    ROW(EMIT_COMPONENT_NODE, "node")                                                               \
    ROW(EMIT_COMPONENT_CHASSIS, "chassis")                                                         \
    ROW(EMIT_COMPONENT_PSU, "psu")                                                                 \
    ROW(EMIT_COMPONENT_RACK, "rack")                                                               \
    ROW(EMIT_COMPONENT_OUTLET, "outlet")                                                           \
    ROW(EMIT_COMPONENT_PDU, "pdu")                                                                 \
    ROW(EMIT_COMPONENT_UPS, "ups")                                                                 \
    ROW(EMIT_COMPONENT_FACILITY_FEED, "facility-feed")                                             \
    ROW(EMIT_COMPONENT_INFERENCE, "inference")

// What kind of meter stands behind the number: tag accuracy_class.
#define EMIT_ACCURACY_ROWS(ROW)                                                                    \
    ROW(EMIT_ACCURACY_DEVICE_COUNTER, "device-counter")                                            \
    ROW(EMIT_ACCURACY_POWER_INTEGRATED, "power-integrated")                                        \
    ROW(EMIT_ACCURACY_METERED, "metered")                                                          \
    ROW(EMIT_ACCURACY_BILLING_METER, "billing-meter")                                              \
    ROW(EMIT_ACCURACY_INFERRED, "inferred")                                                        \
    ROW(EMIT_ACCURACY_COEFFICIENT_MODEL, "coefficient-model")                                      \
    ROW(EMIT_ACCURACY_PRORATION, "proration")

// Who or what did the work, in our own producers: tag capability_tier.
#define EMIT_TIER_ROWS(ROW)                                                                        \
    ROW(EMIT_TIER_GPU_RUNNER, "gpu-runner")                                                        \
    ROW(EMIT_TIER_CPU_RUNNER, "cpu-runner")                                                        \
    ROW(EMIT_TIER_NODE_RUNNER, "node-runner")                                                      \
    ROW(EMIT_TIER_MANAGED_INFERENCE, "managed-inference")                                          \
    ROW(EMIT_TIER_BYOK_PROXY, "byok-proxy")                                                        \
    ROW(EMIT_TIER_FACILITY, "facility")

// Whose compute it was, in our own producers: tag provider_family.
#define EMIT_FAMILY_ROWS(ROW)                                                                      \
    ROW(EMIT_FAMILY_OPERATOR_OWNED, "operator-owned")                                              \
    ROW(EMIT_FAMILY_MANAGED, "managed")                                                            \
    ROW(EMIT_FAMILY_BYOK, "byok")

// What a coefficient's joules include: tag measurement_boundary.
#define EMIT_BOUNDARY_ROWS(ROW)                                                                    \
    ROW(EMIT_BOUNDARY_ACCELERATOR, "accelerator")                                                  \
    ROW(EMIT_BOUNDARY_SYSTEM, "system")                                                            \
    ROW(EMIT_BOUNDARY_FACILITY, "facility")

// How far a coefficient is to be trusted: tag confidence.
#define EMIT_CONFIDENCE_ROWS(ROW)                                                                  \
    ROW(EMIT_CONFIDENCE_LOW, "low")                                                                \
    ROW(EMIT_CONFIDENCE_MEDIUM, "medium")                                                          \
    ROW(EMIT_CONFIDENCE_HIGH, "high")

// How a meter was read, where energy_source says what was metered: tag transport.
#define EMIT_TRANSPORT_ROWS(ROW)                                                                   \
    ROW(EMIT_TRANSPORT_SNMP, "snmp")                                                               \
    ROW(EMIT_TRANSPORT_NUT, "nut")                                                                 \
    ROW(EMIT_TRANSPORT_REDFISH, "redfish")                                                         \
    ROW(EMIT_TRANSPORT_IPMI_LAN, "ipmi-lan")                                                       \
    ROW(EMIT_TRANSPORT_IPMI_LOCAL, "ipmi-local")                                                   \
    ROW(EMIT_TRANSPORT_MQTT, "mqtt")                                                               \
    ROW(EMIT_TRANSPORT_DSMR, "dsmr")                                                               \
    ROW(EMIT_TRANSPORT_SML, "sml")                                                                 \
    ROW(EMIT_TRANSPORT_FILE, "file")

#define EMIT_NAME_ENUMERATOR(name, word) name,
enum emit_source { EMIT_SOURCE_ROWS(EMIT_NAME_ENUMERATOR) EMIT_SOURCE_COUNT };
enum emit_provenance { EMIT_PROVENANCE_ROWS(EMIT_NAME_ENUMERATOR) EMIT_PROVENANCE_COUNT };
enum emit_component { EMIT_COMPONENT_ROWS(EMIT_NAME_ENUMERATOR) EMIT_COMPONENT_COUNT };
enum emit_accuracy { EMIT_ACCURACY_ROWS(EMIT_NAME_ENUMERATOR) EMIT_ACCURACY_COUNT };
enum emit_tier { EMIT_TIER_ROWS(EMIT_NAME_ENUMERATOR) EMIT_TIER_COUNT };
enum emit_family { EMIT_FAMILY_ROWS(EMIT_NAME_ENUMERATOR) EMIT_FAMILY_COUNT };
enum emit_boundary { EMIT_BOUNDARY_ROWS(EMIT_NAME_ENUMERATOR) EMIT_BOUNDARY_COUNT };
enum emit_confidence { EMIT_CONFIDENCE_ROWS(EMIT_NAME_ENUMERATOR) EMIT_CONFIDENCE_COUNT };
enum emit_transport { EMIT_TRANSPORT_ROWS(EMIT_NAME_ENUMERATOR) EMIT_TRANSPORT_COUNT };

// The word of a value, as it stands in an event.
const char *emit_source_word(enum emit_source source);
const char *emit_provenance_word(enum emit_provenance provenance);
const char *emit_component_word(enum emit_component component);
const char *emit_accuracy_word(enum emit_accuracy accuracy);
const char *emit_tier_word(enum emit_tier tier);
const char *emit_family_word(enum emit_family family);
const char *emit_boundary_word(enum emit_boundary boundary);
const char *emit_confidence_word(enum emit_confidence confidence);

bool emit_component_is_gpu(enum emit_component component); // one, or the module it is on

#endif
