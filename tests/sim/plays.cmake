# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# Plays: random programs (dde_sim), and two slices of them: the same seeds every time, and new ones.

ddeml_sim_program(dde_sim
  SOURCES dde_sim.c play.c play_ops.c play_callbacks.c play_raw.c oracle.c oracle_monitor.c)
target_include_directories(dde_sim PRIVATE "${PROJECT_BINARY_DIR}/exports") # the exported names
set(slice_seconds 10)
if(DDEML_SANITIZE)
  set(slice_seconds 5)
endif()
ddeml_register(sim_slice COMMAND dde_sim --from=1 --runs=20000 --seconds=${slice_seconds} LABELS sim)
ddeml_register(sim_slice_new COMMAND dde_sim --from=clock --runs=20000 --seconds=${slice_seconds} LABELS sim)

# The planted bugs (scripts/planted.sh) are those of the code as it is.
if(NOT DDEML_SANITIZE)
  ddeml_register(sim_planted_apply COMMAND "${PROJECT_SOURCE_DIR}/scripts/planted.sh" --check LABELS sim)
endif()
