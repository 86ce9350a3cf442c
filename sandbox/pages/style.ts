/** CSS of the widget and of the control page. */
export const SANDBOX_STYLE = `
:root { color-scheme: light; --ink: #17212b; --quiet: #52606d; --line: #d5dbe1; --accent: #0b5f8a; --bad: #a3261b; }
* { box-sizing: border-box; }
body { margin: 0; background: #eef1f4; color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 2rem auto; padding: 1.5rem; background: #fff; border: 1px solid var(--line); border-radius: 12px; }
main.wide { max-width: 70rem; }
h1 { margin: 0 0 .5rem; font-size: 1.4rem; line-height: 1.25; }
h2 { margin: 1.75rem 0 .5rem; font-size: 1.1rem; }
.note { color: var(--quiet); font-size: .9rem; }
.bad { color: var(--bad); }
ul.choices { list-style: none; margin: 1rem 0; padding: 0; display: grid; gap: .5rem; }
ul.choices > li { display: flex; gap: .5rem; align-items: center; }
ul.choices a { flex: 1; display: block; padding: .65rem .9rem; border: 1px solid var(--line); border-radius: 8px; color: inherit; text-decoration: none; }
ul.choices a:hover { border-color: var(--accent); }
.tag { float: right; color: var(--quiet); font-size: .85rem; }
label { display: block; margin: .75rem 0 .25rem; font-weight: 600; }
label.check { margin: .35rem 0; font-weight: 400; }
fieldset { margin: 1rem 0 0; padding: .5rem 1rem .75rem; border: 1px solid var(--line); border-radius: 8px; }
input[type=text], select { width: 100%; padding: .5rem .6rem; border: 1px solid #8795a1; border-radius: 6px; font: inherit; background: #fff; }
button, .button { display: inline-block; padding: .5rem 1rem; border: 1px solid var(--accent); border-radius: 8px; background: #fff; color: var(--accent); font: inherit; font-weight: 600; text-decoration: none; white-space: nowrap; cursor: pointer; }
button.first, .button.first { background: var(--accent); color: #fff; }
[hidden] { display: none; }
button.small { padding: .15rem .55rem; font-size: .85rem; }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: 1.25rem; }
:focus-visible { outline: 3px solid #f0a500; outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { padding: .4rem .5rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { white-space: nowrap; }
td code { overflow-wrap: anywhere; }
td form { display: inline-flex; gap: .35rem; margin: 0 .25rem .25rem 0; }
td form select, td form input[type=text] { width: 11rem; padding: .2rem .4rem; }
.scroll { overflow-x: auto; }
`;
