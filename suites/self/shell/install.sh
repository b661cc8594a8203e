# What is installed, and how: the man pages, the completions, the Debian package.
# shellcheck shell=sh disable=SC2016 # texts of other shells
. suites/self/shell/lib.sh

needs suites refbroker refbroker-faulty faultproxy dissect lint-capture replay handshake free-port
verbs=$(ls tools/verbs)

succeeds "install" tools/install "$work/root" /usr "$build"
share=$work/root/usr/share

# ---- man pages

{
    echo "$verbs" | sed 's/.*/amqproof-&.1/'
    printf '%s\n' amqproof.1 faultproxy.1
    [ ! -f broker-under-test/reference/refbroker.1 ] || echo refbroker.1
} | sort >"$work/pages"
same "a page for the command, each verb and each program" "$(cat "$work/pages")" "$(find "$share/man/man1" -type f -printf '%f\n' | sort)"
for page in "$share"/man/man1/*; do
    man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>"$work/warnings" >"$work/troff"
    [ ! -s "$work/warnings" ]
    result $? "${page##*/} is sound" "$work/warnings"
done
read_page() { MANWIDTH=${2:-80} MAN_KEEP_FORMATTING='' man -l "$share/man/man1/$1.1" 2>/dev/null | col -b; }
for verb in run trend replay lint; do
    missing=$(tools/amqproof help $verb | grep -oE -- '--[a-z][a-z-]+' | sort -u | while read -r option; do
        read_page "amqproof-$verb" 200 | grep -q -e "$option" || echo "$option"
    done)
    same "amqproof-$verb(1) has every option of its help" "" "$missing"
done
same "a page says when the command ends how" "EXIT STATUS" "$(read_page amqproof-run | grep '^EXIT')"
same "what a verb is for" "amqproof-tx" "$(printf 'tx A [B]: does it.\n\nAll of it.\n  --x N  so\n' | awk -v page=amqproof-tx -v command="amqproof tx" -v date=d -v version=v -f tools/man.awk | sed -n 's/[^a-z]*- does it$//p' | sed 's/[^a-z]/-/g; s/--*/-/g')"
same "no text becomes a command of the page" 0 "$(printf 'x: y.\n\n.so /etc/passwd\n  --a  b\n       .de x\n' | awk -v page=x -v command=x -f tools/man.awk | grep -cE '^\.(so|de)')"

# ---- completions: what a shell would offer behind the words

bash_offers() { # WORD...
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _amqproof; echo "${COMPREPLY[@]}"' \
        "$share/bash-completion/completions/amqproof" "$work/root/usr/bin/amqproof" "$@"
}
zsh_offers() {
    zsh -f -c 'compadd() { shift; print -r -- ${(M)@:#$words[CURRENT]*}; }; _files() { print files; }
        file=$1; shift; words=("$@"); CURRENT=$#; set --; source $file' zsh "$share/zsh/vendor-completions/_amqproof" "$work/root/usr/bin/amqproof" "$@"
}
for shell in bash zsh; do
    same "$shell: a verb" "trend" "$("${shell}_offers" tr)"
    same "$shell: an option" "--seed --segmentation" "$("${shell}_offers" run --se)"
    same "$shell: the options of another verb are none" "" "$("${shell}_offers" dissect --se | sed 's/files//')"
    same "$shell: a broker" "lavinmq rabbitmq rabbitmq-cluster reference" "$("${shell}_offers" run --broker '' | tr ' ' '\n' | grep -xE 'lavinmq|rabbitmq.*|reference' | sort | paste -sd ' ' -)"
    same "$shell: a case" "tx/select_twice" "$("${shell}_offers" run --strict --only tx/select_t)"
    same "$shell: a chapter" "tx" "$("${shell}_offers" run --only tx | tr ' ' '\n' | grep -x tx)"
    same "$shell: a rule" "queue.purge.02" "$("${shell}_offers" explain queue.purge.0)"
    same "$shell: a baseline" "reference:0.1.0" "$("${shell}_offers" compare refer)"
    same "$shell: help of a verb" "faults" "$("${shell}_offers" help f)"
    same "$shell: every verb has its options" "" "$(for verb in $verbs; do "${shell}_offers" "$verb" --h | grep -q -- --help || echo "$verb"; done)"
done
for verb in $verbs; do
    for option in $(bash_offers "$verb" -); do
        case $option in --help | -o) continue ;; esac
        grep -q -e "$option" "tools/verbs/$verb" fixtures/harness/options.c || echo "$verb $option"
    done
done >"$work/made-up"
same "no option is offered that is not there" "" "$(cat "$work/made-up")"
refuses "another shell" 2 "bash or zsh" tools/completion fish

# ---- elsewhere, and the package

# Nothing of the tree is at hand there: what adapters and verbs call has come along.
mkdir "$work/elsewhere"
installed() { (cd "$work/elsewhere" && env -u AMQPROOF_BUILD "$work/root/usr/bin/amqproof" "$@"); }
for adapter in "$work"/root/usr/lib/amqproof/broker-under-test/*/adapter; do
    name=${adapter%/adapter}
    same "${name##*/}: the adapter is whole" 127 "$(env -u AMQPROOF_BUILD "$adapter" no-such-verb >/dev/null 2>&1; echo $?)"
done
succeeds "an installed run with certificates of its own" installed run --only tls --only tx
same "and none of it left out" 0 "$(jq .counts.unsupported "$work/elsewhere/amqproof-runs/latest/run.json")"
if [ -d /usr/lib/rabbitmq/lib ]; then
    succeeds "an installed run of RabbitMQ" installed run --broker rabbitmq --only tx
else
    skip "an installed run of RabbitMQ" "not installed"
fi

succeeds "install elsewhere" tools/install "$work/other" /opt/amqproof "$build"
same "zsh looks in site-functions there" yes "$([ -s "$work/other/opt/amqproof/share/zsh/site-functions/_amqproof" ] && echo yes)"
same "what is installed is linked within" "" "$(find "$work/other" -type l ! -exec test -e {} \; -print)"
if command -v dpkg-shlibdeps >/dev/null; then
    succeeds "the package is built" tools/deb "$work" "$build"
    deb=$(echo "$work"/amqproof_*.deb)
    same "its name and version" "amqproof $("$build/suites" --version | sed 's/amqproof \([^,]*\),.*/\1/')" "$(dpkg-deb -f "$deb" Package) $(dpkg-deb -f "$deb" Version)"
    same "it depends on what its programs are linked with" "libcunit1 librabbitmq4 libpcap0.8 libuv1 liblmdb0 jq" \
        "$(for library in libcunit1 librabbitmq4 libpcap0.8 libuv1 liblmdb0 jq; do dpkg-deb -f "$deb" Depends | grep -qE "(^|, )$library( |,|$)" && echo "$library"; done | paste -sd ' ' -)"
    same "all in it is root's" "root/root" "$(dpkg-deb -c "$deb" | awk '{ print $2 }' | sort -u)"
    mkdir "$work/unpacked" && dpkg-deb -x "$deb" "$work/unpacked"
    (cd "$work" && env -u AMQPROOF_BUILD "$work/unpacked/usr/bin/amqproof" run --only tx) >"$work/said" 2>&1
    result $? "what is in it judges" "$work/said"
    same "and its manual is compressed" yes "$([ -f "$work/unpacked/usr/share/man/man1/amqproof-run.1.gz" ] && echo yes)"
else
    skip "the package" "dpkg-dev is not installed"
fi
finish
