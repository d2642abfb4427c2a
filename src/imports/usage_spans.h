// An export of spans, one object that holds many records:
// {"resourceSpans": [{"scopeSpans": [{"spans": [{...}, {...}]}]}]}, as collectors write one a line
// (opentelemetry.io/docs/specs/otel/protocol/file-exporter, 2026-11).
// SPDX-License-Identifier: Apache-2.0
#ifndef IMPORTS_USAGE_SPANS_H
#define IMPORTS_USAGE_SPANS_H

#include <stdbool.h>
#include <stddef.h>

// Hands out each span's text, in their order; false as soon as take does not want more. text: of
// an export that is JSON. What is no span is passed over.
bool emit_usage_spans(const char *text, size_t length,
                      bool (*take)(void *context, const char *span, size_t length), void *context);

#endif
