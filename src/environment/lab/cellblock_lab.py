"""What JupyterLab has of the service: files, by a contents manager that touches no disk, and who comes."""

import hmac
import json
import os
from datetime import datetime
from urllib.parse import quote, urlencode

from jupyter_server.auth.identity import PasswordIdentityProvider, User
from jupyter_server.services.contents.manager import AsyncContentsManager
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.web import HTTPError
from traitlets import default

LONGEST_WAIT = 120
LARGEST = 192 * 1024 * 1024

AsyncHTTPClient.configure(None, max_body_size=LARGEST, max_buffer_size=LARGEST)


class Proxied(PasswordIdentityProvider):
    """Lets the service's proxy in and nobody else, and where there is a password, whoever gives it besides. No page
    is told by what the proxy is known."""

    auth_enabled = True
    need_token = False
    token = ""
    allow_password_change = False
    hashed_password = os.environ.get("CELLBLOCK_PASSWORD", "")
    login_available = bool(hashed_password)

    def get_user(self, handler):
        if not self._is_proxy(handler):
            return None
        return super().get_user(handler) if self.hashed_password else User("user")

    def process_login_form(self, handler):
        return super().process_login_form(handler) if self._is_proxy(handler) else None

    def _is_proxy(self, handler):
        shown = handler.request.headers.get("X-Cellblock-Proxy", "")
        return hmac.compare_digest(shown.encode(), os.environ["CELLBLOCK_PROXY"].encode())


class CellblockContents(AsyncContentsManager):
    """The project's files, by the service's own `/api/contents`."""

    @default("checkpoints")
    def _no_checkpoints(self):
        # Those of the service are asked for below.
        return None

    @default("files_handler_params")
    def _no_folder(self):
        # Its bytes come by `get`; the handler wants a folder all the same.
        return {"path": os.environ["HOME"]}

    async def _ask(self, method, path, body=None, **query):
        names = "/".join(quote(name, safe="") for name in path.strip("/").split("/"))
        url = os.environ["JUPYTER_GATEWAY_URL"] + "/api/contents"
        url += "/" + names if names else ""
        url += "?" + urlencode(query) if query else ""
        try:
            answer = await AsyncHTTPClient().fetch(
                url,
                method=method,
                headers={
                    "Authorization": "token " + os.environ["JUPYTER_GATEWAY_AUTH_TOKEN"],
                    "Content-Type": "application/json",
                },
                body=None if body is None else json.dumps(body),
                allow_nonstandard_methods=True,
                request_timeout=LONGEST_WAIT,
            )
        except HTTPClientError as error:
            raise HTTPError(error.code, "%s", _reason(error)) from error
        return json.loads(answer.body) if answer.body else None

    async def get(self, path, content=True, type=None, format=None, require_hash=False):
        query = {"content": int(content)}
        if type is not None:
            query["type"] = type
        if format is not None:
            query["format"] = format
        if require_hash:
            query["hash"] = 1
        return _with_times(await self._ask("GET", path, **query))

    async def save(self, model, path=""):
        return _with_times(await self._ask("PUT", path, model))

    async def delete(self, path):
        await self._ask("DELETE", path)

    delete_file = delete

    async def rename(self, old_path, new_path):
        return await self._ask("PATCH", old_path, {"path": new_path.strip("/")})

    rename_file = rename

    async def _is(self, path, *kinds):
        try:
            model = await self._ask("GET", path, content=0)
        except HTTPError as error:
            if error.status_code == 404:
                return False
            raise
        return model["type"] in kinds

    async def dir_exists(self, path):
        return not path.strip("/") or await self._is(path, "directory")

    async def file_exists(self, path=""):
        return bool(path.strip("/")) and await self._is(path, "file", "notebook")

    async def exists(self, path):
        return not path.strip("/") or await self._is(path, "directory", "file", "notebook")

    async def is_hidden(self, path):
        return any(name.startswith(".") for name in path.split("/"))

    async def create_checkpoint(self, path):
        return _with_times(await self._ask("POST", path + "/checkpoints"))

    async def list_checkpoints(self, path):
        return [_with_times(one) for one in await self._ask("GET", path + "/checkpoints")]

    async def restore_checkpoint(self, checkpoint_id, path):
        await self._ask("POST", f"{path}/checkpoints/{checkpoint_id}")

    async def delete_checkpoint(self, checkpoint_id, path):
        await self._ask("DELETE", f"{path}/checkpoints/{checkpoint_id}")


def _with_times(model):
    """Jupyter Server writes times itself, and wants them as such."""
    for key in ("created", "last_modified"):
        if isinstance(model.get(key), str):
            model[key] = datetime.fromisoformat(model[key].replace("Z", "+00:00"))
    if isinstance(model.get("content"), list):
        model["content"] = [_with_times(one) for one in model["content"]]
    return model


def _reason(error):
    """What the service said is wrong."""
    try:
        return json.loads(error.response.body)["detail"]
    except (AttributeError, ValueError, KeyError, TypeError):
        return str(error)
