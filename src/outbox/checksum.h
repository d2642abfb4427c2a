// The checksum that every row of the store carries: CRC-32C (Castagnoli) over
// everything the row says. It answers bit rot and torn pages, not forgery: whoever
// may write the file can write a checksum too. SHA-256 was measured at 4 us a row,
// seven in a hundred of a durable append, and would promise nothing more.
// SPDX-License-Identifier: Apache-2.0
#ifndef OUTBOX_CHECKSUM_H
#define OUTBOX_CHECKSUM_H

#include "outbox/outbox.h"

// Continues `sum` (0 to begin) over the bytes.
uint32_t emit_checksum_add(uint32_t sum, const void *bytes, size_t length);

// Of kind, identity (as text), run, workspace, both times, body and packed claims; not of the
// sequence, which the database gives.
uint32_t emit_checksum_entry(const struct emit_entry *entry, int64_t stored_ns,
                             const unsigned char *claims, size_t claims_length);

#endif
