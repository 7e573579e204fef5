/** The look of the page, in the light and in the dark. Some mail readers leave it out. */
export const reportStyle = `
:root{color-scheme:light dark;--back:#fff;--text:#222;--line:#ccc;--soft:#eee;--fill:#4a7fb5;--bad:#b3261e;--warn:#8a5a00}
@media(prefers-color-scheme:dark){:root{--back:#17191c;--text:#ddd;--line:#444;--soft:#2a2d31;--fill:#6ea3d8;--bad:#ff8a80;--warn:#f0b95a}}
body{margin:1.5em;background:var(--back);color:var(--text);font:15px/1.4 sans-serif}
h1{font-size:1.4em}h2{font-size:1.1em;margin:1.4em 0 .4em}
table{border-collapse:collapse}th,td{padding:.25em .9em .25em 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{white-space:nowrap}td{min-width:5.5em;overflow-wrap:anywhere}
.bar{width:9em;height:.5em;background:var(--soft)}.fill{height:100%;background:var(--fill)}.full{height:100%;background:var(--bad)}
.problem{color:var(--bad)}.warning{color:var(--warn)}
.map{overflow-x:auto;margin-top:1em}
`
