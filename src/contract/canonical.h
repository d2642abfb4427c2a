// The identity of lines that we wrote ourselves. For this project only: what others wrote
// goes through emit_contract_identity.
// SPDX-License-Identifier: Apache-2.0
#ifndef CONTRACT_CANONICAL_H
#define CONTRACT_CANONICAL_H

#include "emit/contract.h"

// The same identity as emit_contract_identity of a line that is in canonical form
// already, which is not checked: a third of the work.
void emit_contract_identity_of_canonical(const char *line, size_t length,
                                         char identity[EMIT_IDENTITY_TEXT]);

#endif
