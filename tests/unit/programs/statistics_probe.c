// Statistics of the values on each line of standard input, "nan" for one that is not
// known: count, mean, sigma, min, max and median as C's %a, then the outliers' places.
// SPDX-License-Identifier: Apache-2.0
#include "programs/emit/statistics.h"

#include <stdio.h>
#include <stdlib.h>

enum { VALUES_MAX = 4096 };

static void tell(const double *values, size_t count) {
    double scratch[VALUES_MAX];
    bool marks[VALUES_MAX];
    struct emit_statistics s;
    emit_statistics_of(&s, values, count, scratch);
    printf("%zu", s.count);
    if (s.count) printf(" %a %a %a %a %a", s.mean, s.sigma, s.min, s.max, s.median);
    size_t marked = emit_statistics_mark_outliers(marks, values, count, scratch);
    printf(" | %zu", marked);
    for (size_t i = 0; i < count; i++)
        if (marks[i]) printf(" %zu", i);
    printf("\n");
}

int main(void) {
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        double values[VALUES_MAX];
        size_t count = 0;
        char *at = line, *end;
        for (; count < VALUES_MAX; at = end, count++) {
            values[count] = strtod(at, &end);
            if (end == at) break;
        }
        tell(values, count);
    }
    free(line);
    return 0;
}
