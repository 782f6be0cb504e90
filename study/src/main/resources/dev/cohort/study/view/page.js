// Shared by all pages: data, colours, tables, and the look and printing of charts.
const page = (() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  // Okabe and Ito's colours, which people with colour blindness can tell apart.
  const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c6bb1', '#a6761d'];
  const style = getComputedStyle(document.documentElement);
  const css = name => style.getPropertyValue(name).trim();
  const [ink, soft, line, back] = ['--ink', '--soft', '--line', '--back'].map(css);
  Chart.defaults.color = ink;
  Chart.defaults.borderColor = line;
  Chart.defaults.font.family = 'system-ui, sans-serif';
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;

  const text = (id, value) => { document.getElementById(id).textContent = value; };
  const title = (tab, heading) => { document.title = tab; text('title', heading); };

  /** A row of [value, class] cells. */
  const row = (table, cells, tag, name) => {
    const tr = table.insertRow();
    if (name) tr.className = name;
    for (const [value, kind] of cells) {
      const cell = document.createElement(tag);
      cell.textContent = value === undefined ? '' : value;
      if (kind) cell.className = kind;
      tr.append(cell);
    }
    return tr;
  };

  // A printed page has another width than the window.
  const printsAt = height => {
    const all = () => Object.values(Chart.instances);
    window.addEventListener('beforeprint', () => all().forEach(c => c.resize(680, height || c.height)));
    window.addEventListener('afterprint', () => all().forEach(c => c.resize()));
  };
  return { data, colours, ink, soft, line, back, text, title, row, printsAt };
})();
