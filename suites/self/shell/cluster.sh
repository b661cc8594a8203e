# The cluster chapter, seen red: clusters that are none (suites/self/cluster/adapter), each wrong in
# one way. And the runner's part: a node is broken once for all cases, and mended.
# shellcheck shell=sh
. suites/self/shell/lib.sh

needs suites refbroker refbroker-faulty faultproxy handshake free-port

adapter=suites/self/cluster/adapter
out=$work/out

# A queue of any type will do for what the doors prove; the reference broker refuses types it has not.
cat >"$work/cluster.faults" <<'END'
fault none
  what  every queue is a classic one
  on    C queue.declare  set arguments={}

fault altered
  what  the seventh that is got has another body
  on    C queue.declare  set arguments={}
  on    S basic.get-ok +content  nth 7  set body="1" size=1

fault lost
  what  after seven there is nothing
  on    C queue.declare  set arguments={}
  on    S basic.get-ok +content  nth 8  insert S . basic.get-empty then drop

fault unmarked
  what  nothing is marked as redelivered
  on    C queue.declare  set arguments={}
  on    S basic.deliver|basic.get-ok  set redelivered=0

fault unanswered
  what  nothing is confirmed behind the first
  on    C queue.declare  set arguments={}
  on    S basic.ack  from 2  drop

fault undelivered
  what  consumers get ten messages, and no more
  on    C queue.declare  set arguments={}
  on    S basic.deliver +content  from 21  drop

fault disconnected
  what  whoever publishes twelve messages is hung up on
  on    C queue.declare  set arguments={}
  on    C basic.publish +content  nth 12  close fin
END

run() { # WITH... -- ONLY...: the chapter's verdicts, a case a line
    set -- "$@" --
    env="FAULTS=$work/cluster.faults"
    while [ "$1" != -- ]; do env="$env $1" && shift; done
    shift
    only=
    while [ "$1" != -- ]; do only="$only --only cluster/$1" && shift; done
    # shellcheck disable=SC2086 # words
    env $env tools/amqproof run --adapter "$adapter" ${only:---only cluster} --deadline-ms 2500 --capture relay \
        --events-only --out "$out" >"$work/said" 2>&1 || :
    jq -r 'select(.event == "result") | "\(.verdict) \(.id | ltrimstr("cluster/")) \(.message | split("\n")[0])"' \
        "$out/events.ndjson" | sort >"$work/verdicts"
}
failed() { # NAME COUNT PATTERN: so many cases, and each for that reason
    same "$1" "$2 of $2" "$(grep -cE "^fail .*$3" "$work/verdicts") of $(wc -l <"$work/verdicts")"
}

run CLUSTER=doors FAULT=none --
same "as good as can be: all pass but what only loss, or a real cluster, can show" \
    "consumer_of_a_dead_queue every_node queues_of_a_dead_node" \
    "$(sed -n 's/^fail \([^ ]*\).*/\1/p' "$work/verdicts" | paste -sd ' ' -)"
same "and nothing else happened" 0 "$(grep -cvE '^(pass|fail) ' "$work/verdicts")"
same "a node is broken once for all cases, and mended; so is a partition" \
    "node-kill 14 node-start 13 partition 6 heal 6" \
    "$(jq -r 'select(.event == "restart") | "\(.kind) \(.cases)"' "$out/events.ndjson" |
        sed 's/node-start 1[0-9]/node-start 13/' | paste -sd ' ' -)"

run CLUSTER=islands --
failed "three brokers that know nothing of each other: every case is red" 26 .

run CLUSTER=ajar FAULT=none -- 'leader_alone_*' 'follower_alone_*'
failed "a minority that confirms" 4 "cut off from the others"
run CLUSTER=doors FAULT=altered -- 'leader_killed_*' 'follower_killed_*' 'publisher_*' 'leader_alone_*' 'crossing*'
failed "a message is altered" 13 "altered: the properties of message 1|duplicated: message 1 "
run CLUSTER=doors FAULT=lost -- 'leader_killed_*' 'follower_killed_*' 'publisher_*' 'consumer_elsewhere_*' '*_alone_*' 'crossing*'
failed "confirmed messages are lost" 19 "lost: message"
run CLUSTER=doors FAULT=unmarked -- 'consumer_cut_short_*' 'consumer_alone_*'
failed "redeliveries are not marked" 4 "unmarked: message"
run CLUSTER=doors FAULT=none BROKER_FAULT=held_comes_back_twice -- 'consumer_cut_short_*'
failed "what was held comes twice" 2 "duplicated: message|unmarked: message"
run CLUSTER=doors FAULT=none BROKER_FAULT=held_lost_with_connection -- 'consumer_cut_short_*'
failed "what was held is lost" 2 "a lost consumer held some"
run CLUSTER=doors FAULT=none BROKER_FAULT=get_newest -- 'leader_killed_*' 'publisher_*' 'leader_alone_*'
failed "out of order" 8 "reordered: message"
run CLUSTER=doors FAULT=unanswered -- 'leader_killed_*' 'publisher_elsewhere_*'
failed "a publisher waits for ever" 4 "an answer"
run CLUSTER=doors FAULT=undelivered -- 'consumer_elsewhere_*'
failed "a consumer waits for ever" 2 "an answer"
run CLUSTER=doors FAULT=disconnected -- 'leader_killed_*' 'follower_killed_*'
failed "a publisher of another node is disconnected" 4 "a publisher waits|an answer"
run CLUSTER=doors FAULT=none BROKER_FAULT=exclusive_open_to_all -- exclusive_queue
failed "an exclusive queue is open to others" 1 "channel.close"

# Where there is no cluster, the chapter costs one line and nothing else.
tools/amqproof run --only cluster --events-only --out "$out" >"$work/said" 2>&1
same "one node: exit 0" 0 $?
same "one node: unsupported, by name" "unsupported needs cluster" \
    "$(jq -r 'select(.event == "result") | "\(.verdict) \(.message)"' "$out/events.ndjson" | sort -u | paste -sd ' ' -)"
same "one node: nothing was disturbed" 0 "$(jq -r 'select(.event == "restart") | .kind' "$out/events.ndjson" | wc -l)"
finish
