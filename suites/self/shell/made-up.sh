# Runs that are made up, for the tests of what reads them. Sourced behind lib.sh.
# shellcheck shell=sh disable=SC2016,SC2154 # texts of jq; work is of lib.sh

# A run of 30 cases that pass, changed by a filter over its list of cases. The real schema holds for it.
run_of() { # NAME FILTER [FILTER OF THE RUN]
    mkdir -p "$work/$1"
    jq -n '{schema: 1, amqproof: "0.1.0", edition: "fnv1a64:0f", started: "2026-01-02T03:04:05Z", ms: 9, verdict: "conforms", exit: 0,
        broker: {host: "127.0.0.1", port: 1, adapter: "/nowhere/madeup/adapter", describe: {product: "Made-up", version: "1.2"}, capabilities: []},
        options: {only: [], skip: [], jobs: 1, repeat: 1, shuffle: false, strict: false, segmentation: "whole", ledger: ""}, seed: 1, run: "0001",
        machine: {system: "s", release: "r", arch: "a", cores: 1}, capture: {mode: "pcap", why: ""}, calibration: null,
        counts: ({planned: 30, pass: 30, runs: 30} + (["fail", "weak", "info", "unsupported", "not-reached", "died", "hung", "harness-fault",
            "red", "excused", "unstable"] | map({(.): 0}) | add)), restarts: [], ledger: [],
        cases: [range(30) | "queue/case_\(.)" | {id: ., repeat: 1, runs: 1, verdicts: {pass: 1}, unstable: false, min_margin: null, chapter: "queue",
            view: "wire", title: "the title of \(.)", rules: ["queue.declare.queue.01"], level: "MUST", needs: [], revision: 1, file: "suites/queue.c",
            line: 1, group: "normal", verdict: "pass", red: false, message: "", step: "", fingerprint: "", close: "close-ok", conversation: "C 1 said",
            notes: [], assertions: 1, margin: null, ms: 20, capture: "", frames: "", ledger: "none", ledger_reason: "", ledger_source: "", rerun: "again"}]}
        | def at($n; f): map(if .id == "queue/case_\($n)" then f else . end);
          def fail($f): .verdict = "fail" | .verdicts = {fail: 1} | .red = true | .fingerprint = $f | .message = "wanted \($f)\nand more";
          def excused: .red = false | .ledger = "matched" | .ledger_reason = "known";
          def info($n): .verdict = "info" | .verdicts = {info: 1} | .notes = ["info: \($n)"] | .message = .notes[0];
          def unsupported: .verdict = "unsupported" | .verdicts = {unsupported: 1} | .message = "no such thing";
          .cases |= ('"$2"') | '"${3:-.}" >"$work/$1/run.json"
}
invalid() { jq -r --slurpfile schema reports/run.schema.json -f reports/validate.jq "$work/$1/run.json"; }
