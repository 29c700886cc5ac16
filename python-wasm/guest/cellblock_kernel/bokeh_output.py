"""bokeh's `show` and `output_notebook` as MIME bundles: HTML for any front end, bokeh's own type for Jupyter's."""

from IPython.display import publish_display_data

LOAD = "application/vnd.bokehjs_load.v0+json"
EXECUTE = "application/vnd.bokehjs_exec.v0+json"
_loaded = False


def _load(resources=None, verbose=False, hide_banner=True, load_timeout=5000, notebook_type="jupyter"):
    """Sends BokehJS itself, inline: the page that shows the notebook may have no network."""
    global _loaded
    from bokeh.resources import INLINE

    script = "\n".join(INLINE.js_raw)
    publish_display_data(
        {"text/html": f'<script type="text/javascript">{script}</script>', LOAD: ""}, {LOAD: {"id": "bokeh"}}
    )
    _loaded = True


def _show(obj, state, notebook_handle):
    from bokeh.embed import components

    script, div = components(obj, wrap_script=False)
    identity = div.split('data-root-id="', 1)[-1].split('"', 1)[0]
    if not _loaded:
        _load()
    html = f'{div}<script type="text/javascript">{script}</script>'
    publish_display_data({"text/html": html, EXECUTE: "", "text/plain": repr(obj)}, {EXECUTE: {"id": identity}})
    return None


def _no_server(obj, state, notebook_url, **keywords):
    raise NotImplementedError("bokeh server applications are not available in this sandbox")


def install():
    """Registers the sandbox as bokeh's notebook and makes it the default place to show in."""
    from bokeh.io.state import curstate
    from bokeh.io.notebook import install_notebook_hook

    install_notebook_hook("jupyter", _load, _show, _no_server, overwrite=True)
    state = curstate()
    state.output_notebook()
