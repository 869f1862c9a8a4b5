#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# How far off stamps may be, in every profile of Documentation/time.rst.

cd "$(dirname "$0")/../.." || exit
make -s build/stamp-bench || exit
build/stamp-bench gates
