// The part of OpenMP that the engine uses, for a clang without an OpenMP library of its own: GCC's library has these
// functions, but clang cannot read GCC's header.
#pragma once

extern "C" {
void omp_set_dynamic(int);
void omp_set_num_threads(int);
int omp_get_thread_num(void);
int omp_get_max_threads(void);
}
