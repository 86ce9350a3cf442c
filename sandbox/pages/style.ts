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
input[type=text], input[type=search], select { width: 100%; padding: .5rem .6rem; border: 1px solid #8795a1; border-radius: 6px; font: inherit; background: #fff; }
button, .button { display: inline-block; padding: .5rem 1rem; border: 1px solid var(--accent); border-radius: 8px; background: #fff; color: var(--accent); font: inherit; font-weight: 600; text-decoration: none; white-space: nowrap; cursor: pointer; }
button.first, .button.first { background: var(--accent); color: #fff; }
[hidden] { display: none; }
button.small { padding: .15rem .55rem; font-size: .85rem; }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: 1.25rem; }
:focus-visible { outline: 3px solid #f0a500; outline-offset: 2px; }
code { overflow-wrap: anywhere; }
.search, .set { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
.search label { width: 100%; margin-bottom: 0; }
.search input { flex: 1; min-width: 8rem; }
.played { margin: 1rem 0; padding: .25rem 1rem 1rem; border: 1px solid var(--accent); border-radius: 8px; }
.group { border-bottom: 1px solid var(--line); }
.group > summary { padding: .6rem 0; font-weight: 600; cursor: pointer; }
.what summary { display: inline-block; padding: .2rem 0; color: var(--accent); cursor: pointer; }
.count { color: var(--quiet); font-size: .85rem; font-weight: 400; }
.rows { list-style: none; margin: 0; padding: 0; font-size: .9rem; }
.rows > li { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; padding: .6rem 0; border-top: 1px solid var(--line); }
.what { flex: 1 1 16rem; min-width: 0; overflow-wrap: anywhere; }
.what label { display: inline; margin: 0; }
.set { flex: 0 1 16rem; min-width: 0; }
.set select, .set input[type=text] { flex: 1; min-width: 6rem; width: auto; padding: .3rem .4rem; }
.data { display: grid; gap: .4rem; padding: .35rem 0 .5rem; }
.data .set { flex-wrap: nowrap; }
.buttons { display: flex; flex-wrap: wrap; gap: .35rem; }
@media (max-width: 30rem) { main { margin: 0; border: 0; border-radius: 0; padding: 1rem; } button.small { padding: .4rem .75rem; } }
`;
