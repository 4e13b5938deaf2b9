"""The official Python client, package `mcp` 2.x, with its own OAuth provider.

Usage: oauth_python_mcp.py
"""

import asyncio
import traceback

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

from oauth_steps import Listener, check_names, let_expire, work
from steps import check, finish, setting


class Memory:
    """Tokens and registration of one program."""

    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens) -> None:
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client) -> None:
        self.client = client


async def main() -> None:
    listener, memory = Listener(), Memory()

    async def arrived() -> AuthorizationCodeResult:
        known = {name: listener.arrived.get(name) for name in ("code", "state", "iss")}
        return AuthorizationCodeResult(**known)

    provider = OAuthClientProvider(
        server_url=setting("URL"),
        client_metadata=OAuthClientMetadata(
            client_name="Python client of the tests",
            redirect_uris=[listener.uri],
            grant_types=["authorization_code", "refresh_token"],
            response_types=["code"],
            token_endpoint_auth_method="none",
        ),
        storage=memory,
        redirect_handler=listener.show,
        callback_handler=arrived,
    )
    async with httpx2.AsyncClient(auth=provider, timeout=30) as http:
        transport = streamable_http_client(setting("URL"), http_client=http)
        async with Client(transport, mode="auto", read_timeout_seconds=30) as client:

            async def call(tool: str, arguments: dict):
                result = await client.call_tool(tool, arguments)
                texts = "".join(block.text for block in result.content if block.type == "text")
                return result.is_error, result.structured_content, texts

            check_names({tool.name for tool in (await client.list_tools()).tools})
            await work("signed in", call)
            first = memory.tokens.access_token
            let_expire()
            await work("refreshed", call)
            check("the access token is another", memory.tokens.access_token != first)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except BaseException:  # an exception group of the client, most of the time
        traceback.print_exc()
        check("no exception", False, "see above")
    finish()
