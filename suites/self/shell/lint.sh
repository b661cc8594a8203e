# Each check of tools/lint finds what it is for, and nothing in clean code.
# shellcheck shell=sh disable=SC2016 # texts of other scripts
. suites/self/shell/lib.sh

tree=$work/tree
mkdir -p "$tree/suites" "$tree/fixtures/wire"
ln -s "$root/tools" "$tree/tools"
ln -s "$root/Makefile" "$tree/Makefile"
cp .clang-format .clang-tidy .shellcheckrc "$tree/"
cd "$tree" || exit 1
GIT_DIR=$work/none # no repository: every file there is
export GIT_DIR

clean='#include "fixtures/wire/wire.h"

int twice(int n)
{
    return n * 2;
}'
file() { # PATH TEXT
    printf '%s\n' "$2" >"$1"
}
caught() { # NAME CHECK PATTERN
    if "tools/lint/checks/$2" >"$work/said" 2>&1; then
        result 1 "$2 finds $1"
    else
        grep -q -e "$3" "$work/said"
        result $? "$2 finds $1" "$work/said"
    fi
}

file fixtures/wire/wire.h 'int twice(int n);'
file suites/one.c "$clean"
file run.sh '#!/bin/sh
echo "$1"'
for check in layers format functions words shell cppcheck tidy analyzer; do
    succeeds "$check has nothing to say of clean code" "tools/lint/checks/$check"
done

file fixtures/wire/up.c '#include "suites/one.h"'
caught "an include against the arrows" layers 'fixtures/wire may not include suites/one.h'
file fixtures/wire/up.c '#include <lmdb.h>'
caught "a library away from home" layers '<lmdb.h> belongs to'
mkdir elsewhere
file elsewhere/new.c 'int x;'
caught "a folder that nobody listed" layers 'elsewhere is not in layers.txt'
rm -r elsewhere fixtures/wire/up.c

file suites/two.c 'int  x;'
caught "bad formatting" format 'suites/two.c:1:'
{
    printf 'int f(void)\n{\n'
    yes '    (void)0;' | head -n 81
    printf '}\n'
} >suites/two.c
caught "a function of 82 lines" functions 'suites/two.c:2: a function of'
file suites/two.c "/* TO""DO */"
caught "a promise" words 'suites/two.c:1:.*do it'
file suites/two.c 'void f(void) { usleep(3); }'
caught "sleep in a case" words 'suites/two.c:1:.*no verdict by clock'
for wait in "nanosleep(&t, 0)" "sleep(1)" "poll(NULL, 0, 5)" "select(0, 0, 0, 0, &t)" "alarm(2)" "pause()"; do
    file suites/two.c "void f(void) { $wait; }"
    caught "$wait in a case" words 'suites/two.c:1:.*\(no verdict by clock\|waits for answers\)'
done
file suites/two.c "void f(void) { tx_select(1); amqp_poll_not(2); }"
succeeds "words lets other names be" tools/lint/checks/words
file suites/two.c '/* see /ho''me/someone */'
caught "a path of one machine" words 'suites/two.c:1:.*one machine'
file tool.py 'print()'
caught "Python" words '^tool.py'
rm tool.py
file run.sh '#!/bin/sh
echo $1'
caught "an unquoted variable" shell SC2086
file suites/two.c 'int f(int n);
int f(int n)
{
    int a[2] = {0, 1};
    return n ? a[2] : 0;
}'
caught "an index out of bounds" cppcheck arrayIndexOutOfBounds
file suites/two.c '#include <stdlib.h>
int f(void);
int f(void)
{
    int *p = 0;
    return *p;
}'
caught "a null pointer that is read" tidy NullDereference
rm suites/two.c
file fixtures/wire/two.c '#include <stdlib.h>
void f(void *p);
void f(void *p)
{
    free(p);
    free(p);
}'
caught "memory freed twice" analyzer double-free
cd "$root" || exit 1
finish
