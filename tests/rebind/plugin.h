/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef TESTS_REBIND_PLUGIN_H
#define TESTS_REBIND_PLUGIN_H

/* What the plugin exports as "converse": a conversation of its own, over its own DDEML; meanwhile is called while it stands. */
typedef void converse_function(char value[16], void (*meanwhile)(void));

#endif
