import { MenuSvg } from '@jupyterlab/ui-components';
import { Menu } from '@lumino/widgets';

/** Draws a line between items as what it is: Lumino lets the focus go there, and calls it a part without a meaning. */
export class MenuRenderer extends MenuSvg.Renderer {
  renderItem(data: Menu.IRenderData): ReturnType<Menu.Renderer['renderItem']> {
    const item = super.renderItem(data);
    if (data.item.type === 'separator') {
      const attributes: { tabindex?: string } = item.attrs;
      delete attributes.tabindex;
    }
    return item;
  }

  createItemARIA(
    data: Menu.IRenderData
  ): ReturnType<Menu.Renderer['createItemARIA']> {
    return data.item.type === 'separator'
      ? { role: 'separator' }
      : super.createItemARIA(data);
  }
}
