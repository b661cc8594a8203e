# run.json -> where the time of the run went, as a table: jq -r -L reports -f reports/profile.jq run.json
include "common";

def left($n): .[:$n] | . + " " * ($n - length);
def right($n): tostring | " " * ([0, $n - length] | max) + .;
def sum(f): map(f) | add // 0;

# In the order of the clock; what the runner did not see itself has no processor time.
def order: ["prepare", "start", "calibration", "normal", "alone", "graceful", "kill", "node-kill", "partition", "stop", "report"];
def words: {prepare: "selection, certificates, folder", start: "broker started", calibration: "calibration",
    restart: "  of these: restarts at the barrier", stop: "broker stopped", report: "reports written"};
def phase_words: words[.] // "cases: \(.)";

def phase_line($name): select(sum(.ms) > 0) | ($name | phase_words | left(38)) + (sum(.ms) | right(8))
    + (if any(.[]; .cpu_ms) then sum(.cpu_ms // 0) | right(12) else "" end);

def phases: .phases as $p
    | "where the time went" + (" " * 19) + ("ms" | right(8)) + ("processor ms" | right(14)),
      ((order + ([$p[].name] - order - ["restart"] | unique)) as $names
       | ($names[] | . as $n | [$p[] | select(.name == $n)] | phase_line($n))),
      ([$p[] | select(.name == "restart")] | phase_line("restart")),
      ("all" | left(38)) + ([$p[] | select(.name != "restart")] | sum(.ms) | right(8));

def chapters:
    "", ("chapter" | left(14)) + ("cases" | right(6)) + ("sum ms" | right(9)) + ("capture" | right(9)) + ("longest" | right(9)),
    (.chapters[] | (.chapter | left(14)) + (.cases | right(6)) + (.ms | right(9)) + (.capture_ms | right(9)) + (.longest_ms | right(9))
        + "  " + (.longest | .[:31]));

def paths:
    "", "critical path: who was waited for, one after the other",
    (.paths[] | "\(.group): \(.cases) cases, \(.ms) ms" , (.longest[] | "  \(.ms | right(6)) ms  \(.id)"));

.options.jobs as $jobs | .profile | if . == null then "no profile: no case was run" else
    phases,
    "",
    "\($jobs) cases at a time: \(.chapters | sum(.ms)) ms in cases,",
    "of these \(.chapters | sum(.capture_ms)) ms until captures were whole;",
    "\(.chapters | sum(.leaving_ms)) ms until their processes had closed, beside the next ones",
    chapters, paths end
