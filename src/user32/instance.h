/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_USER32_INSTANCE_H
#define DDEML_USER32_INSTANCE_H

/* There is one instance in a process: the program's. What GetModuleHandle returns and WinMain is given. */
#define USER32_INSTANCE ((HINSTANCE)(ULONG_PTR)0x400000)

#endif
