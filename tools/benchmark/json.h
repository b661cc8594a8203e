/* JSON on stdout, for what measures: benchmark and attacker. */
#ifndef BENCHMARK_JSON_H
#define BENCHMARK_JSON_H

void json_string(const char *s);

#endif
