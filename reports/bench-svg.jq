# bench.json -> bench.svg, all plots in one picture: jq -r -L reports -f reports/bench-svg.jq bench.json
include "bench-common";
include "bench-plots";

picture
