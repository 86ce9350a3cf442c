'use strict';

// What callers and operators rely on, as a sorted list of lines: one per operation, accepted parameter or field, returned
// field, problem code and environment variable. Two versions of the service compare line by line.

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head'];
const NEEDS = ' needs ';

/** The lines of an OpenAPI document and of the text of .env.example. */
function contractOf(document, envExample) {
  const lines = new Set();
  for (const match of envExample.matchAll(/^([A-Z_]+)=/gm)) lines.add(`variable ${match[1]}`);
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of METHODS.filter((name) => operations[name])) {
      // The name of a path parameter is no part of a request.
      const name = `${method.toUpperCase()} ${path.replace(/\{[^{}]*\}/g, '{}')}`;
      const { parameters = [], requestBody, responses } = operations[method];
      lines.add(name);
      for (const parameter of parameters) addParameter(lines, name, resolve(document, parameter));
      const body = jsonOf(requestBody && resolve(document, requestBody));
      if (body) addFields(lines, document, body, { prefix: `${name} takes `, needs: `${name}${NEEDS}` });
      for (const [status, response] of Object.entries(responses))
        addResponse(lines, document, { name, status }, resolve(document, response));
    }
  }
  return [...lines].sort();
}

function addParameter(lines, name, { in: place, name: parameter, required }) {
  if (place === 'path') return;
  const field = `${place} ${place === 'header' ? parameter.toLowerCase() : parameter}`;
  lines.add(`${name} takes ${field}`);
  if (required) lines.add(name + NEEDS + field);
}

function addResponse(lines, document, { name, status }, response) {
  // Errors have one shape, and their codes decide: a new code of a known status breaks nobody.
  if (!/^[23]/.test(status)) return;
  lines.add(`${name} answers ${status}`);
  const body = jsonOf(response);
  if (body) addFields(lines, document, body, { prefix: `${name} ${status} gives ` });
}

function jsonOf(holder) {
  const types = Object.entries((holder && holder.content) || {});
  const json = types.find(([type]) => type.includes('json'));
  return json && json[1].schema;
}

function addFields(lines, document, schema, { prefix, needs }, at = '', passed = []) {
  if (schema.$ref && passed.includes(schema.$ref)) return;
  const via = schema.$ref ? [...passed, schema.$ref] : passed;
  const found = resolve(document, schema);
  const next = (inner, place, names) => addFields(lines, document, inner, names, place, via);
  for (const part of [...(found.allOf || []), ...(found.anyOf || []), ...(found.oneOf || [])])
    next(part, at, { prefix, needs });
  if (found.items) next(found.items, `${at}[]`, { prefix, needs });
  const required = found.required || [];
  for (const [field, inner] of Object.entries(found.properties || {})) {
    const place = at ? `${at}.${field}` : field;
    lines.add(prefix + place);
    const isNeeded = needs !== undefined && required.includes(field);
    if (isNeeded) lines.add(needs + place);
    // A field of an optional field is needed only by those who send that field.
    next(inner, place, { prefix, needs: isNeeded ? needs : undefined });
  }
}

function resolve(document, value) {
  if (!value.$ref) return value;
  const path = value.$ref.replace(/^#\//, '').split('/');
  return path.reduce((at, name) => at[name.replace(/~1/g, '/').replace(/~0/g, '~')], document);
}

/** The differences that break a caller or an operator of the earlier version. */
function breakingChanges(before, now) {
  const [old, current] = [new Set(before), new Set(now)];
  const removed = before.filter((line) => !current.has(line) && !line.includes(NEEDS));
  const needed = now.filter(
    (line) => line.includes(NEEDS) && !old.has(line) && old.has(line.slice(0, line.indexOf(NEEDS))),
  );
  return [...removed.map((line) => `removed: ${line}`), ...needed.map((line) => `new: ${line}`)];
}

module.exports = { contractOf, breakingChanges };
