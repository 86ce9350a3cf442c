'use strict';

// Checks asyncapi.json with the parser of AsyncAPI, which also follows references and checks examples.
const { Parser } = require('@asyncapi/parser');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

async function main() {
  const text = readFileSync(join(__dirname, '..', 'asyncapi.json'), 'utf8');
  const { document, diagnostics } = await new Parser().parse(text);
  // Severity 0 is an error, 1 a warning. The rest are wishes, such as a newer version of the format.
  const problems = diagnostics.filter(({ severity }) => severity <= 1);
  for (const { path, message } of problems) console.error(`${path.join('.')}: ${message}`);
  if (!document || problems.length > 0) process.exit(1);
  console.log(`asyncapi.json is valid: ${document.messages().length} messages.`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
