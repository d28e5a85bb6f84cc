/**
 * jsdom has no canvas, so here stands what our chart asks of uPlot, recorded:
 * the one edge of the world that a unit test cannot have for real. The browser
 * tests draw with the real library.
 */
class UPlot {
  constructor(options, data, target) {
    this.options = options;
    this.data = data;
    this.destroyed = false;
    this.root = document.createElement('div');
    this.root.className = 'uplot';
    target?.appendChild(this.root);
    UPlot.instances.push(this);
  }

  setData(data) {
    this.data = data;
  }

  setSize(size) {
    this.size = size;
  }

  redraw() {}

  destroy() {
    this.destroyed = true;
    this.root.remove();
  }
}

UPlot.instances = [];

module.exports = UPlot;
