#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# Buildroot, Yocto, DKMS and Debian: what they name is in the tree.

cd "$(dirname "$0")/../.." || exit
exec python3 tests/system/packaging_rules.py
