# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The ddeml authors

# Plays: random programs (dde_sim), and a slice of them. scripts/simulate.sh takes new seeds every time.

ddeml_sim_program(dde_sim
  SOURCES dde_sim.c play.c play_ops.c play_callbacks.c play_raw.c oracle.c oracle_monitor.c)
target_include_directories(dde_sim PRIVATE "${PROJECT_BINARY_DIR}/exports") # the exported names
set(slice_seconds 20)
if(DDEML_SANITIZE)
  set(slice_seconds 10)
endif()
ddeml_register(sim_slice COMMAND dde_sim --from=1 --runs=40000 --seconds=${slice_seconds} LABELS sim)
