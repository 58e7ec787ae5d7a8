'use strict';
const units = {B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40, PiB: 2 ** 50, EiB: 2 ** 60};

function valueOf(text) {
  const [number, unit] = text.split(' ');
  return parseFloat(number.replaceAll(',', '')) * (units[unit] || 1) || 0;
}

function sortBy(table, heads, column) {
  const head = heads[column], numeric = head.classList.contains('n'), before = head.getAttribute('aria-sort');
  const falls = before ? before === 'ascending' : numeric;
  for (const one of heads) one.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', falls ? 'descending' : 'ascending');
  const keyed = Array.from(table.tBodies[0].rows, row => {
    const text = row.cells[column].textContent;
    return [numeric ? valueOf(text) : text, row];
  });
  keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (falls ? -1 : 1));
  table.tBodies[0].append(...keyed.map(([, row]) => row));
}

function addFilter(table, name) {
  const input = document.createElement('input');
  input.type = 'search';
  input.placeholder = 'filter';
  input.setAttribute('aria-label', 'filter the table: ' + name);
  input.addEventListener('input', () => {
    for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.includes(input.value);
  });
  table.parentElement.before(input);
}

for (const table of document.querySelectorAll('table')) {
  const heads = [...table.tHead.rows[0].cells], rows = table.tBodies[0].rows.length;
  heads.forEach((head, column) => {
    if (!head.textContent || rows < 2) return;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    button.addEventListener('click', () => sortBy(table, heads, column));
    head.replaceChildren(button);
  });
  if (rows > 20) addFilter(table, table.closest('section').querySelector('h2').textContent);
}
