// The wall for a program that has many events in one buffer.
// SPDX-License-Identifier: Apache-2.0
#ifndef CONTRACT_WITHIN_H
#define CONTRACT_WITHIN_H

#include "emit/contract.h"

// emit_contract_check of an event inside a larger buffer, a little faster: memory up to
// `readable`, at or behind bytes + length, may be loaded but decides nothing.
// EMIT_CONTRACT_CORE leaves out what strict adds.
enum emit_status emit_contract_check_within(const char *bytes, size_t length, const char *readable,
                                            enum emit_contract_level level,
                                            struct emit_verdict *verdict);

#endif
