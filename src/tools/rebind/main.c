/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

#include "sys.h"
#include "tool.h"

int main(int argc, char *argv[])
{
    int exit_code;

    sys_begin(&argc, &argv);
    exit_code = run_tool(argc, argv);
    sys_end();
    return exit_code;
}
