# What the pages made by jq have alike: escaping, the two schemes of colours, tables. Included by them: jq -L reports.

def h: tostring | @html;
def page_style: "
:root { color-scheme: light dark; --paper: #ffffff; --panel: #f4f6f8; --line: #dce1e6;
    --ink: #1b1f24; --quiet: #59626d; --pass: #1a7544; --red: #b8232b; --note: #855800; --none: #5f6873; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #14171b; --panel: #1c2127; --line: #2f363e;
    --ink: #e4e8ec; --quiet: #9aa4af; --pass: #4cc38a; --red: #ff7b7f; --note: #e2b340; --none: #949eaa; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 110rem; padding: 1.4rem 1.5rem 4rem; background: var(--paper); color: var(--ink); font: 14px/1.45 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.25; } header p { margin: .1rem 0 1rem; font-size: 1.05rem; }
a { color: inherit; text-decoration-color: var(--quiet); text-underline-offset: .15em; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { padding: .35rem .8rem .35rem .5rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--quiet); outline-offset: 1px; }
";
def page_head($title; $style): "<!DOCTYPE html>", "<html lang=\"en\">", "<head>", "<meta charset=\"utf-8\">",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
    "<title>\($title | h)</title>", "<style>\(page_style)\($style)</style>", "</head>", "<body>";
