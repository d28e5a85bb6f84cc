import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlws:plugin',
  description: 'A machine learning workspace inside JupyterLab.',
  autoStart: true,
  activate: (app: JupyterFrontEnd) => {
    return;
  }
};

export default plugin;
