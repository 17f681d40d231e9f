#!/bin/sh
# Usage: check_symbols.sh LIBRARY.a
# Each instruction set has its own copy of the kernel; a weak symbol would let the linker mix them, and a machine
# without AVX-512 would meet its instructions.
set -eu
library=$1
status=0
for object in $(ar t "$library" | grep -E '^(portable|avx2|avx512)\.cpp\.o(bj)?$'); do
    folder=$(mktemp -d)
    (cd "$folder" && ar x "$library" "$object")
    weak=$(nm --defined-only "$folder/$object" | awk '$2 ~ /^[WwVvu]$/ {print $3}')
    shared=$(nm --defined-only "$folder/$object" | awk '$2 ~ /^[TDBRC]$/ {print $3}' | grep -v kernel_ || true)
    rm -r "$folder"
    if [ -n "$weak$shared" ]; then
        echo "$object exports $weak $shared" >&2
        status=1
    fi
done
exit $status
