# tools/bootstrap, with stand-ins for the programs that would change the system.
# shellcheck shell=sh disable=SC2016 # texts of other scripts
. suites/self/shell/lib.sh

bin=$work/bin
mkdir "$bin"
stand_in() { # NAME BODY
    printf '#!/bin/sh\n%s\n' "$2" >"$bin/$1"
    chmod +x "$bin/$1"
}
# Everything is installed, less what is in $1.
installed_but() {
    stand_in dpkg-query 'shift 3; for p; do case $p in '"$1"') echo "have $p not-installed" ;; *) echo "have $p installed" ;; esac; done'
}
bootstrap() { PATH=$bin:$PATH tools/bootstrap "$@"; }
quietly() { [ -z "$("$@" 2>&1)" ]; }

installed_but none
succeeds "silent when nothing is missing" quietly bootstrap
succeeds "silent for every group" quietly bootstrap build check rabbitmq lint report
refuses "an unknown group" 2 "no group 'everything'" bootstrap everything

installed_but 'jq|gcc'
stand_in id 'echo 1000'
stand_in apt-get 'echo "apt-get was called" >&2'
refuses "not root" 2 "not root.*apt-get install --no-install-recommends gcc jq$" bootstrap
refuses "a package of two groups is named once" 2 "recommends gcc jq$" bootstrap build check

stand_in id 'echo 0'
stand_in apt-get 'echo "E: no network" >&2; exit 100'
status=0
bootstrap build >"$work/out" 2>"$work/err" || status=$?
same "apt-get fails: exit" 2 "$status"
same "apt-get fails: says what was to be installed" "installing: gcc jq" "$(cat "$work/out")"
same "apt-get fails: its own words, then ours" 2 "$(grep -cE '^(E: no network|bootstrap: apt-get failed)' "$work/err")"

stand_in apt-get 'echo "$@ $DEBIAN_FRONTEND $(ls /usr/sbin/policy-rc.d)" >>'"$work/calls"
ls /usr/sbin/policy-rc.d >"$work/before" 2>/dev/null
succeeds "apt-get works" bootstrap build
same "updates, then installs what is missing and nothing else" "update install:gcc install:jq" \
    "$(sed 's/.*-qq //; s/.* install \([^ ]*\) \([^ ]*\) .*/install:\1 install:\2/; s/update .*/update/' "$work/calls" | paste -sd ' ' -)"
same "asks nobody" 2 "$(grep -c noninteractive "$work/calls")"
same "no service may start meanwhile" 2 "$(grep -c '/usr/sbin/policy-rc.d$' "$work/calls")"
ls /usr/sbin/policy-rc.d >"$work/after" 2>/dev/null
same "and the policy is as it was afterwards" "$(cat "$work/before")" "$(cat "$work/after")"
finish
