export const SAMPLE_APP_STYLE = `
:root { color-scheme: light; --ink: #1c2430; --quiet: #5a6675; --paper: #fbf7f2; --line: #e5ddd3; --accent: #b3263e; --accent-dark: #8f1c30; --good: #1c6b45; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; background: var(--paper); color: var(--ink); font: 1.0625rem/1.55 system-ui, -apple-system, 'Segoe UI', sans-serif; }
header, main, footer { max-width: 44rem; margin: 0 auto; padding: 0 1.25rem; }
header { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; justify-content: space-between; padding-top: 1.25rem; padding-bottom: 1.25rem; }
footer { padding-top: 1.5rem; padding-bottom: 2rem; color: var(--quiet); font-size: .875rem; }
.brand { color: var(--accent); font-size: 1.25rem; font-weight: 800; letter-spacing: -.02em; text-decoration: none; }
.card { margin-bottom: 1.25rem; padding: 1.75rem; background: #fff; border: 1px solid var(--line); border-radius: 18px; box-shadow: 0 1px 2px rgb(60 40 20 / 6%); }
h1 { margin: 0 0 .5rem; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.02em; }
h2 { margin: 0 0 .75rem; font-size: 1.2rem; }
.quiet { color: var(--quiet); }
button, .button { padding: .55rem 1rem; border: 1px solid var(--line); border-radius: 999px; background: #fff; color: var(--ink); font: inherit; font-size: .95rem; cursor: pointer; }
button.help { border-color: var(--accent); color: var(--accent); font-weight: 700; }
.button { display: inline-block; text-decoration: none; }
button:hover, .button:hover { border-color: var(--accent); }
button[aria-pressed=true] { border-color: var(--accent); color: var(--accent); font-weight: 700; }
button.first { padding: .8rem 1.6rem; border-color: var(--accent); background: var(--accent); color: #fff; font-size: 1.0625rem; font-weight: 700; }
button.first:hover { background: var(--accent-dark); }
:focus-visible { outline: 3px solid #1f6feb; outline-offset: 2px; }
.users { display: flex; flex-wrap: wrap; gap: .5rem; }
header .users button, .button { padding: .3rem .8rem; font-size: .875rem; }
.banner { margin: 0 0 1.25rem; padding: .9rem 1.25rem; border-radius: 14px; background: #eef2f6; font-weight: 600; }
.banner.good { background: #e2f3ea; color: var(--good); }
.banner.bad { background: #fbe6e6; color: var(--accent-dark); }
.devices { margin: 0; padding: 0; list-style: none; }
.devices li { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; padding: .9rem 0; border-top: 1px solid var(--line); }
.devices li:first-child { border-top: 0; }
.badge { display: grid; flex: none; place-items: center; width: 2.75rem; height: 2.75rem; border-radius: 12px; background: #f6e3e6; color: var(--accent-dark); font-weight: 800; }
.about { display: grid; flex: 1; min-width: 10rem; overflow-wrap: anywhere; }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; }
.banner a { margin-left: .25rem; color: inherit; }
.details { font-size: .875rem; overflow-wrap: anywhere; }
.state { color: var(--quiet); font-size: .9rem; }
.state.active { color: var(--good); }
.state.needs_reauth { color: var(--accent-dark); }
.news { min-height: 1.55em; margin: 0 0 .75rem; color: var(--quiet); font-size: .9rem; }
.day { padding: 1rem 0 .25rem; border-top: 1px solid var(--line); }
.day h3 { margin: 0 0 .5rem; font-size: 1rem; }
.source { margin: 0 0 .4rem; color: var(--quiet); font-size: .9rem; }
.ended { margin-left: .35rem; padding: .1rem .5rem; border-radius: 999px; background: #fbe6e6; color: var(--accent-dark); font-size: .8rem; font-weight: 600; }
.values { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .6rem; margin: 0 0 .75rem; }
.values > div { padding: .8rem 1rem; background: var(--paper); border-radius: 14px; }
.values dt { color: var(--quiet); font-size: .875rem; }
.values dd { margin: 0; font-size: 1.45rem; font-weight: 700; letter-spacing: -.01em; line-height: 1.3; }
.values dd.details { margin-top: .2rem; font-size: .825rem; font-weight: 400; letter-spacing: 0; line-height: 1.4; }
.values .details > span, .workouts .details > span { white-space: nowrap; }
.workouts { margin: 0 0 .75rem; padding: 0; list-style: none; }
.workouts li { padding: .2rem 0; overflow-wrap: anywhere; }
`;
